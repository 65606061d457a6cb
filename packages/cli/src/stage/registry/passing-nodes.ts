const TIMEOUT_MS = 1_000;

/**
 * Asks a Consul agent for the ids of the passing nodes of a service.
 *
 * @param address - `127.0.0.1:8500`
 * @throws Error when it does not answer with a list.
 */
export async function passingNodes(address: string, service: string): Promise<readonly string[]> {
  const url = `http://${address}/v1/health/service/${encodeURIComponent(service)}?passing=true`;
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const body: unknown = await response.json();
  if (!response.ok || !Array.isArray(body)) throw new Error(`${url} answers ${response.status}`);
  return body.flatMap(readId);
}

function readId(entry: unknown): string[] {
  if (typeof entry !== 'object' || entry === null || !('Service' in entry)) return [];
  const { Service: service } = entry;
  const named = typeof service === 'object' && service !== null && 'ID' in service;
  return named && typeof service.ID === 'string' ? [service.ID] : [];
}
