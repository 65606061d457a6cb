import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { freePort } from '@micromesh/cli/stage';

/** One request as the agent got it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly token: string | undefined;
  readonly body: string;
}

/** Writes an answer, a bad one as well, or none. */
export type Behave = (response: ServerResponse, request: SeenRequest) => void;

/** Behaviours of agents in trouble, and of things that are no agents. */
export const misbehave = {
  noLeader: (response) => {
    response.writeHead(500, { 'content-type': 'text/plain' }).end('No cluster leader');
  },
  html: (response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Welcome</body></html>');
  },
  badGateway: (response) => {
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html><h1>502 Bad Gateway</h1></html>');
  },
  halfThenSilence: (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '99' });
    response.write('[{"Node": {"Addr');
  },
  halfThenReset: (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '99' });
    response.write('[{"Node": {"Addr', () => response.socket?.resetAndDestroy());
  },
  halfThenEnd: (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '99' });
    response.end('[{"Node": {"Addr');
  },
  reset: (response) => {
    response.socket?.resetAndDestroy();
  },
  hang: () => {},
  forbidden: (response) => {
    response.writeHead(403, { 'content-type': 'text/plain' }).end('Permission denied');
  },
} satisfies Record<string, Behave>;

/** A list of instances with Consul's headers. */
export function list(
  instances: readonly object[],
  index: number,
  headers: Readonly<Record<string, string>> = {},
): Behave {
  return (response) => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'x-consul-index': String(index),
      'x-consul-knownleader': 'true',
      ...headers,
    });
    response.end(JSON.stringify(instances));
  };
}

/** An instance that somebody registered, as the health endpoint shows it. */
export function instance(id: string, port: number): object {
  return {
    Node: { Address: '127.0.0.1' },
    Service: { ID: id, Service: 'hello', Address: '127.0.0.1', Port: port, CreateIndex: port },
    Checks: [{ Status: 'passing' }],
  };
}

/**
 * A Consul agent that answers watches as a test says, step by step: the behaviours that are queued, in order, then the last one
 * for ever; a question that waits (with an index) hangs once the queue is empty.
 */
export class ScriptedAgent {
  readonly seen: SeenRequest[] = [];
  /** Answers all paths but those of watches; default: 200 with nothing. */
  other: Behave = (response) => {
    response.writeHead(200).end();
  };
  readonly #queue: Behave[] = [];
  readonly #waiting: { readonly response: ServerResponse; readonly request: SeenRequest }[] = [];
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #connections = 0;

  /** Starts to listen: at the port of before where there was one, which no outgoing connection can have been given meanwhile. */
  async start(): Promise<this> {
    if (this.#port === 0) this.#port = await freePort();
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) =>
      this.#take(request, response),
    );
    server.on('connection', (socket) => {
      this.#connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#server = server;
    return this;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Connections that are open now. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Connections that were made since the start. */
  get connections(): number {
    return this.#connections;
  }

  get watches(): SeenRequest[] {
    return this.seen.filter((request) => request.path.startsWith('/v1/health/service/'));
  }

  /** The index of each watch's question; `-` for none. */
  get indexes(): string[] {
    return this.watches.map((request) => request.query.get('index') ?? '-');
  }

  /** Queues answers to watches; one that waits is answered at once. */
  script(...steps: readonly Behave[]): void {
    this.#queue.push(...steps);
    for (let open = this.#waiting.shift(); open !== undefined; open = this.#waiting.shift()) {
      const step = this.#queue.shift();
      if (step === undefined) {
        this.#waiting.unshift(open);
        return;
      }
      step(open.response, open.request);
    }
  }

  /** Ends all connections and stops listening, as kill -9 does. */
  async die(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#waiting.length = 0;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #take(message: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => {});
    message.on('error', () => {});
    let body = '';
    message.setEncoding('utf8');
    message.on('data', (text: string) => {
      body += text;
    });
    message.on('end', () => this.#answer(message, body, response));
  }

  #answer(message: IncomingMessage, body: string, response: ServerResponse): void {
    const url = new URL(message.url ?? '/', 'http://agent');
    const token = message.headers['x-consul-token'];
    const request: SeenRequest = {
      method: message.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      token: typeof token === 'string' ? token : undefined,
      body,
    };
    this.seen.push(request);
    const watches = request.path.startsWith('/v1/health/service/');
    const step = watches ? this.#queue.shift() : this.other;
    if (step !== undefined) step(response, request);
    else this.#waiting.push({ response, request });
  }
}
