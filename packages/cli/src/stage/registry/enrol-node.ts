const TIMEOUT_MS = 5_000;

/** A node that somebody else enters into the registry. */
export interface EnrolledNode {
  readonly id: string;
  /** Where it listens: `10.0.0.1:50051` */
  readonly address: string;
  /** A server of micromesh: its entry says so, as its own would. */
  readonly micromesh: boolean;
}

/**
 * Registers a node that does not do so itself, without a check: it passes until it is taken out.
 *
 * @param agent - `127.0.0.1:8500`
 * @throws Error when the agent refuses it or does not answer.
 */
export async function enrolNode(agent: string, service: string, node: EnrolledNode): Promise<void> {
  const [host, port] = node.address.split(':');
  const Meta = node.micromesh ? { micromesh: '1' } : {};
  const entry = { Name: service, ID: node.id, Address: host, Port: Number(port), Meta };
  await put(agent, 'register', JSON.stringify(entry));
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
