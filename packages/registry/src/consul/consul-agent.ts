import { EventEmitter } from 'node:events';
import type { Agent } from 'node:http';
import { type Clock, onAbort, within } from '@micromesh/core';
import Consul from 'consul';
import { RegistryError } from '../registry.js';
import { type AgentAddress, formatAgentAddress, hostInUrl } from './agent-address.js';
import { createSockets, type SocketUse } from './agent-sockets.js';
import type { ConsulTls } from './consul-options.js';
import { errorWords } from './error-words.js';
import { exchange, type HttpAnswer } from './http-exchange.js';
import type { TokenSource } from './token-source.js';

/** What all requests to all agents of a registry share. */
export interface AgentSettings {
  readonly token: TokenSource;
  readonly tls: ConsulTls;
  readonly namespace: string | undefined;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
}

/** A request that the `consul` package cannot make. */
export interface DirectRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** From `/v1` on, its parts encoded. */
  readonly path: string;
  /** What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in the place of a body. */
  readonly text?: string;
  /** Whether a 404 is an answer, and no failure; default false. */
  readonly absenceIsAnswer?: boolean;
  /** Whether it may be sent again where a kept connection turns out to be closed; default: unless it may wait (answerTimeoutMs). */
  readonly resend?: boolean;
  /** How long the agent may think, in ms; default: requestTimeoutMs. */
  readonly answerTimeoutMs?: number | undefined;
}

/** What each call of the `consul` package is given: it never settles without a time-out when a connection breaks in a body. */
export interface PlainOptions {
  readonly token?: string;
  readonly timeout: number;
  readonly ctx: EventEmitter;
}

const TOO_MANY = 429;

/** One agent and a pool of connections to it. */
export class ConsulAgent {
  /** `consul 127.0.0.1:8500` */
  readonly description: string;
  readonly address: AgentAddress;
  readonly #settings: AgentSettings;
  readonly #use: SocketUse;
  readonly #sockets: Agent;
  readonly #client: Consul;
  readonly #headers: Readonly<Record<string, string>>;
  #destroyed = false;

  constructor(address: AgentAddress, settings: AgentSettings, use: SocketUse = {}) {
    this.address = address;
    this.description = `consul ${formatAgentAddress(address)}`;
    this.#settings = settings;
    this.#use = use;
    this.#sockets = createSockets(
      address,
      settings.tls,
      {
        ...use,
        onDisconnect: () => {
          if (!this.#destroyed) use.onDisconnect?.();
        },
      },
      settings.clock,
    );
    const place =
      address.kind === 'unix'
        ? { socketPath: address.path }
        : { host: hostInUrl(address.host), port: address.port, secure: address.secure };
    this.#headers = settings.namespace === undefined ? {} : { 'x-consul-namespace': settings.namespace };
    const options = { ...place, headers: this.#headers, agent: this.#sockets };
    this.#client = new Consul(options);
  }

  /**
   * Makes a request; a refused token is read again, once.
   *
   * @throws RegistryError when the agent does not answer, or answers with another status than 2xx (and 404 where absence is an answer).
   */
  async request(request: DirectRequest, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#withToken(signal, async (token) => {
      const answer = await exchange({
        address: this.address,
        agent: this.#sockets,
        method: request.method,
        path: request.path + queryString(request.query ?? {}),
        headers: {
          ...this.#headers,
          ...(token === undefined ? {} : { 'x-consul-token': token }),
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: request.body === undefined ? request.text : JSON.stringify(request.body),
        answerTimeoutMs: request.answerTimeoutMs ?? this.#settings.requestTimeoutMs,
        stepTimeoutMs: this.#settings.requestTimeoutMs,
        // A question that has waited is not sent again: an agent that was restarted counts from the start.
        resend: request.resend ?? request.answerTimeoutMs === undefined,
        signal,
        clock: this.#settings.clock,
      });
      if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
      if (answer.statusCode === 404 && request.absenceIsAnswer === true) return answer;
      // What newer agents say before they close a connection that is one too many.
      if (answer.statusCode === TOO_MANY) this.#use.onRefused?.();
      throw new RegistryError(`${this.description}: ${answer.statusCode} ${excerpt(answer.body)}`, {
        statusCode: answer.statusCode,
      });
    });
  }

  /**
   * Makes a call of the `consul` package; a refused token is read again, once.
   *
   * @throws RegistryError when the agent does not answer, or answers with another status than 2xx.
   */
  async plain<T>(
    signal: AbortSignal,
    call: (client: Consul, options: PlainOptions) => Promise<T>,
  ): Promise<T> {
    return this.#withToken(signal, async (token) => {
      const ctx = new EventEmitter();
      const forget = onAbort(signal, () => ctx.emit('cancel'));
      try {
        const timeout = this.#settings.requestTimeoutMs;
        return await call(this.#client, { timeout, ctx, ...(token === undefined ? {} : { token }) });
      } catch (error) {
        throw new RegistryError(`${this.description}: ${errorWords(error)}`, {
          cause: error,
          ...statusOf(error),
        });
      } finally {
        forget();
      }
    });
  }

  /** Closes all connections. */
  destroy(): void {
    this.#destroyed = true;
    this.#client.destroy();
  }

  async #withToken<T>(signal: AbortSignal, attempt: (token: string | undefined) => Promise<T>): Promise<T> {
    if (this.#destroyed || signal.aborted) throw new RegistryError(`${this.description}: closed`);
    const { token: source } = this.#settings;
    const token = await this.#read(source.get(), signal);
    try {
      return await attempt(token);
    } catch (error) {
      const refused = error instanceof RegistryError && error.statusCode === 403;
      if (!refused || !(await this.#read(source.renew(token), signal))) throw error;
      return attempt(await this.#read(source.get(), signal));
    }
  }

  #read<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    const { clock, requestTimeoutMs } = this.#settings;
    const late = () => {
      const what = signal.aborted ? 'given up' : `not there within ${requestTimeoutMs} ms`;
      throw new RegistryError(`the Consul token was ${what}`);
    };
    return within(clock, requestTimeoutMs, work, late, signal);
  }
}

function queryString(query: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(query)
    .filter((part): part is [string, string] => part[1] !== undefined)
    .map(([name, value]) => (value === '' ? name : `${name}=${encodeURIComponent(value)}`));
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function excerpt(body: string): string {
  if (/^\s*</.test(body)) return '(an HTML page)';
  const line = body.trim().split('\n', 1)[0] ?? '';
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}

function statusOf(error: unknown): { statusCode?: number } {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? { statusCode: error.statusCode }
    : {};
}
