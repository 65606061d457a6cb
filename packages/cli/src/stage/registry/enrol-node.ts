const TIMEOUT_MS = 5_000;

/**
 * Registers a node that does not do so itself, without a check: it passes until it is taken out.
 *
 * @param agent - `127.0.0.1:8500`
 * @param address - where the node listens: `10.0.0.1:50051`
 * @throws Error when the agent refuses it or does not answer.
 */
export async function enrolNode(agent: string, service: string, id: string, address: string): Promise<void> {
  const [host, port] = address.split(':');
  await put(agent, 'register', JSON.stringify({ Name: service, ID: id, Address: host, Port: Number(port) }));
}

/**
 * Takes out what {@link enrolNode} has entered.
 *
 * @throws Error when the agent refuses it or does not answer.
 */
export async function strikeOffNode(agent: string, id: string): Promise<void> {
  await put(agent, `deregister/${encodeURIComponent(id)}`, null);
}

async function put(agent: string, path: string, body: string | null): Promise<void> {
  const url = `http://${agent}/v1/agent/service/${path}`;
  const response = await fetch(url, { method: 'PUT', signal: AbortSignal.timeout(TIMEOUT_MS), body });
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
}
