import {
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Clock, onAbort, type Timer } from '@micromesh/core';
import { RegistryError } from '../registry.js';
import { type AgentAddress, formatAgentAddress } from './agent-address.js';
import { errorWords } from './error-words.js';

/** One request to an agent. */
export interface HttpRequest {
  readonly address: AgentAddress;
  readonly agent: Agent;
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** With the query, without the host. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** From the connection to the headers of the answer. */
  readonly answerTimeoutMs: number;
  /** For the connection, and for the body once the headers are there. */
  readonly stepTimeoutMs: number;
  /** Whether to send it once more where a kept connection turns out to be closed. */
  readonly resend: boolean;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** A whole answer. */
export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

// 10,000 instances are about 15 MB; what is above is no answer of a registry.
const MAX_BODY_BYTES = 64 * 1024 * 1024;

const AT_ONCE_MS = 1_000;
const CLOSED_AT_ONCE =
  'a new connection was closed at once; an agent that lives does so when it holds as many from one address as limits.http_max_conns_per_client says';

/**
 * Sends one request and gives the whole answer, whatever its status.
 *
 * @throws RegistryError when there is no connection, no answer, or not all of it in time; also when the signal aborts.
 */
export async function exchange(request: HttpRequest): Promise<HttpAnswer> {
  try {
    return await exchangeOnce(request);
  } catch (error) {
    // The agent closed an idle connection at the moment that it was used again; nothing was answered, so once more.
    if (error instanceof StaleConnectionError && request.resend) return exchangeOnce(request);
    throw error;
  }
}

class StaleConnectionError extends RegistryError {}

function exchangeOnce(options: HttpRequest): Promise<HttpAnswer> {
  const { address, signal, clock, stepTimeoutMs } = options;
  const where = `consul ${formatAgentAddress(address)}`;
  if (signal.aborted) return Promise.reject(new RegistryError(`${where}: given up`));
  return new Promise((resolve, reject) => {
    const secure = address.kind === 'tcp' && address.secure;
    const request = (secure ? requestHttps : requestHttp)(requestOptions(options));
    let timer: Timer | undefined;
    let settled = false;
    let connectedAt = Number.POSITIVE_INFINITY;
    const forget = onAbort(signal, () => fail('given up'));
    const settle = () => {
      settled = true;
      timer?.cancel();
      forget();
    };
    const fail = (problem: string, cause?: unknown) => {
      if (settled) return;
      settle();
      const closedAtOnce = !request.reusedSocket && isReset(cause) && clock.now() < connectedAt + AT_ONCE_MS;
      const message = `${where}: ${closedAtOnce ? `${CLOSED_AT_ONCE} (${problem})` : problem}`;
      const stale = request.reusedSocket && isReset(cause);
      reject(stale ? new StaleConnectionError(message, { cause }) : new RegistryError(message, { cause }));
      request.destroy();
    };
    const allow = (ms: number, missing: string) => {
      timer?.cancel();
      if (!settled) timer = clock.setTimer(ms, () => fail(`${missing} within ${Math.round(ms)} ms`));
    };

    allow(stepTimeoutMs, 'no connection');
    request.on('error', (error) => fail(errorWords(error), error));
    request.on('socket', (socket) => {
      const connected = () => {
        connectedAt = clock.now();
        allow(options.answerTimeoutMs, 'no answer');
      };
      if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', connected);
      else connected();
    });
    request.on('response', (response) => {
      allow(stepTimeoutMs, 'the answer stopped half-way: no rest');
      collect(response, fail, (body) => {
        settle();
        resolve({ statusCode: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    request.end(options.body);
  });
}

function requestOptions({ address, agent, method, path, headers, body }: HttpRequest): RequestOptions {
  const place =
    address.kind === 'unix' ? { socketPath: address.path } : { host: address.host, port: address.port };
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return { ...place, agent, method, path, headers: { ...headers, ...length } };
}

function collect(
  response: IncomingMessage,
  fail: (problem: string) => void,
  done: (body: string) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) fail(`the answer is longer than ${MAX_BODY_BYTES} bytes`);
    else chunks.push(chunk);
  });
  response.on('error', (error) => fail(`the answer stopped half-way: ${errorWords(error)}`));
  response.on('end', () => done(Buffer.concat(chunks).toString('utf8')));
}

/** Whether the other side has ended a connection. */
export function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
