import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
const REQUEST_TIMEOUT_MS = 2_000;

/**
 * Waits until a Consul agent has a leader and lists its own node as passing: from then on it answers as it will later.
 *
 * @param agent - where it should answer, and the name of its node: another agent may hold the port.
 * @param ended - resolves with the cause when the agent's process has ended.
 * @returns what went wrong, in words; undefined when all is well.
 */
export async function waitForLeader(
  agent: { readonly host: string; readonly port: number; readonly node: string },
  timeoutMs: number,
  ended: Promise<string>,
): Promise<string | undefined> {
  const deadline = performance.now() + timeoutMs;
  const { host, port, node } = agent;
  let end: string | undefined;
  const watch = ended.then((cause) => {
    end = cause;
  });
  let last = 'no answer yet';
  while (performance.now() < deadline) {
    try {
      const answer = await getJson(host, port, '/v1/health/service/consul?passing');
      if (lists(answer, node)) return undefined;
      last = `its own node, ${node}, is not passing: ${JSON.stringify(answer)}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await Promise.race([sleep(POLL_MS), watch]);
    if (end !== undefined) return end;
  }
  return `has no leader after ${timeoutMs} ms (${last})`;
}

/** The address that an agent gives for the leader of its servers; undefined where it knows none, or does not answer. */
export async function askLeader(address: string): Promise<string | undefined> {
  const [host = '', port] = address.split(':');
  try {
    const leader = await getJson(host, Number(port), '/v1/status/leader');
    return typeof leader === 'string' && leader !== '' ? leader : undefined;
  } catch {
    // As good as none: who asks, asks again.
    return undefined;
  }
}

function lists(answer: unknown, node: string): boolean {
  return Array.isArray(answer) && answer.some((entry) => entry?.Node?.Node === node);
}

function getJson(host: string, port: number, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = get({ host, port, path, agent: false, timeout: REQUEST_TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        if (response.statusCode !== 200) {
          reject(new Error(`${response.statusCode} ${body}`));
          return;
        }
        try {
          resolve(JSON.parse(body));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${REQUEST_TIMEOUT_MS} ms`)));
    request.on('error', reject);
  });
}
