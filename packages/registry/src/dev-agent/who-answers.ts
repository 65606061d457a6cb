import { Agent, get, type IncomingMessage } from 'node:http';
import { messageOf } from '@micromesh/core';
import { DEV_AGENT_HEADER } from '../dev-agent-header.js';

const TIMEOUT_MS = 2_000;
const MAX_BODY_BYTES = 1024 * 1024;
/** Later than any write: such a query is answered when its wait is over, and ends at once when the agent does. */
const NEVER_INDEX = Number.MAX_SAFE_INTEGER;
const WAIT_S = 300;

/** Who has a port. */
export type Holder =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'devAgent' }
  /** `what` continues the sentence "port 8555 is held by ...". */
  | { readonly kind: 'other'; readonly what: string };

/** Finds out who answers on a port of this machine, within 2 s. */
export function whoAnswers(host: string, port: number, signal: AbortSignal): Promise<Holder> {
  return new Promise((resolve) => {
    const end = (holder: Holder) => {
      clearTimeout(timer);
      request.destroy();
      resolve(holder);
    };
    const request = get({ host, port, path: '/v1/agent/self', agent: false, signal }, (response) => {
      // A body that breaks off changes nothing: the head has said who it is.
      response.on('error', () => {});
      if (response.headers[DEV_AGENT_HEADER] !== undefined) end({ kind: 'devAgent' });
      else void describe(response).then((what) => end({ kind: 'other', what }));
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') end({ kind: 'nobody' });
      else end({ kind: 'other', what: `something that does not speak HTTP (${messageOf(error)})` });
    });
    const timer = setTimeout(
      () => end({ kind: 'other', what: `something that does not answer within ${TIMEOUT_MS} ms` }),
      TIMEOUT_MS,
    );
  });
}

/** Resolves when a dev agent that answers has ended, or the signal aborts. Does not keep this process running. */
export async function untilAgentEnds(host: string, port: number, signal: AbortSignal): Promise<void> {
  const sockets = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!signal.aborted && (await wait(host, port, sockets, signal))) {}
  sockets.destroy();
}

function wait(host: string, port: number, agent: Agent, signal: AbortSignal): Promise<boolean> {
  const path = `/v1/catalog/services?index=${NEVER_INDEX}&wait=${WAIT_S}s`;
  return new Promise((resolve) => {
    const request = get({ host, port, path, agent, signal }, (response) => {
      response.on('error', () => resolve(false));
      // Another program may have got the port meanwhile, and answer at once.
      const isAgent = response.headers[DEV_AGENT_HEADER] !== undefined;
      response.on('end', () => resolve(isAgent && response.statusCode === 200));
      response.resume();
    });
    request.on('socket', (socket) => socket.unref());
    request.on('error', () => resolve(false));
  });
}

async function describe(response: IncomingMessage): Promise<string> {
  let body = '';
  try {
    for await (const chunk of response) {
      body += String(chunk);
      if (body.length > MAX_BODY_BYTES) break;
    }
  } catch {
    // What came so far has to do.
  }
  const version = /"Version":\s*"([^"]+)"/.exec(body)?.[1];
  const isConsul = version !== undefined && /"NodeName"/.test(body);
  return isConsul ? `a Consul agent (${version})` : `another HTTP server (it answers ${response.statusCode})`;
}
