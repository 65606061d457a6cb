import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { messageOf, namesLoopback } from '@micromesh/core';
import { DEV_AGENT_HEADER } from '../dev-agent-header.js';
import type { AgentAnswer, AgentRequest } from './exchange.js';
import { MODELLED_VERSION } from './node-identity.js';
import { Refusal } from './refusal.js';
import { readBody } from './request-body.js';

const REQUEST_TIMEOUT_MS = 10_000;
/** Longer than a heartbeat's interval, so that clients can keep their connection. */
const KEEP_ALIVE_MS = 120_000;

/** Answers one request; what it throws as a {@link Refusal} goes to the client. */
export type Answerer = (request: AgentRequest, exchange: Exchange) => Promise<AgentAnswer | undefined>;

/** The connection side of one request: for answers that are none. */
export interface Exchange {
  /** Sends the answer's head and half of its body, and ends the connection. */
  breakOff(answer: AgentAnswer): void;
  /** Ends the connection. */
  reset(): void;
  /** Whether the client has gone. */
  readonly isOver: () => boolean;
  /** Resolves when the client has gone. */
  readonly ended: Promise<void>;
}

interface Pending {
  readonly path: string;
  readonly abort: AbortController;
}

/** The HTTP side of the dev agent. */
export class AgentServer {
  readonly #server: Server;
  readonly #answer: Answerer;
  readonly #pending = new Set<Pending>();
  #lastRequestAt = performance.now();

  /** @param maxConnections - connections above this are closed at once. */
  constructor(maxConnections: number, answer: Answerer) {
    this.#answer = answer;
    this.#server = createServer(
      {
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
      },
      (request, response) => {
        // Owned here: every failure becomes an answer or the end of the connection.
        void this.#serve(request, response);
      },
    );
    this.#server.maxConnections = maxConnections;
  }

  /** Listens; port 0 is any free one. Rejects with the system's error (EADDRINUSE) where it cannot. */
  async listen(host: string, port: number): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, exclusive: true }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the dev agent has no TCP address');
    return address;
  }

  /** For how long nobody has asked anything, in ms; 0 while a request is being answered. */
  get idleMs(): number {
    return this.#pending.size > 0 ? 0 : performance.now() - this.#lastRequestAt;
  }

  /** Ends the wait of all requests whose path begins so: they are answered now. */
  interrupt(path: string): void {
    for (const pending of [...this.#pending]) if (pending.path.startsWith(path)) pending.abort.abort();
  }

  /** Ends all connections and listens no more. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    this.interrupt('/');
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pending: Pending = { path: pathOf(request), abort: new AbortController() };
    this.#pending.add(pending);
    response.once('close', () => pending.abort.abort());
    try {
      const answer = await this.#answerOrRefuse(request, response, pending);
      if (answer !== undefined && !response.destroyed) send(response, answer);
    } finally {
      this.#pending.delete(pending);
      this.#lastRequestAt = performance.now();
    }
  }

  async #answerOrRefuse(
    request: IncomingMessage,
    response: ServerResponse,
    { abort }: Pending,
  ): Promise<AgentAnswer | undefined> {
    try {
      if (!namesLoopback(request.headers.host)) {
        const host = JSON.stringify(request.headers.host ?? '');
        throw new Refusal(403, `the dev agent answers to loopback names only, not to the host ${host}`);
      }
      return await this.#answer(
        { ...parseTarget(request), body: await readBody(request), gone: abort.signal },
        {
          breakOff: (answer) => breakOff(response, answer),
          reset: () => request.socket.resetAndDestroy(),
          isOver: () => response.destroyed,
          ended: new Promise((resolve) => response.once('close', resolve)),
        },
      );
    } catch (error) {
      const { statusCode, headers } = error instanceof Refusal ? error : new Refusal(500, '');
      const type = { 'Content-Type': 'text/plain; charset=utf-8' };
      return { status: statusCode, headers: { ...type, ...headers }, body: messageOf(error) };
    }
  }
}

/** `127.0.0.1:8555`, `[::1]:8555` */
export function formatAgentHost({
  address,
  port,
}: {
  readonly address: string;
  readonly port: number;
}): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

function parseTarget(request: IncomingMessage): Pick<AgentRequest, 'method' | 'path' | 'query'> {
  const [, query = ''] = /\?(.*)$/s.exec(request.url ?? '') ?? [];
  try {
    const path = decodeURIComponent(pathOf(request));
    return { method: request.method ?? 'GET', path, query: new URLSearchParams(query) };
  } catch {
    throw new Refusal(400, 'the path is not well encoded');
  }
}

function headersOf(answer: AgentAnswer): Record<string, string> {
  return { ...answer.headers, [DEV_AGENT_HEADER]: MODELLED_VERSION };
}

function send(response: ServerResponse, answer: AgentAnswer): void {
  response.writeHead(answer.status, {
    ...headersOf(answer),
    'Content-Length': Buffer.byteLength(answer.body),
  });
  response.end(answer.body);
}

function breakOff(response: ServerResponse, answer: AgentAnswer): void {
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...headersOf(answer), 'Content-Length': Math.max(body.length, 2) });
  const half = body.length < 2 ? Buffer.from('[') : body.subarray(0, body.length / 2);
  response.write(half, () => response.destroy());
}
