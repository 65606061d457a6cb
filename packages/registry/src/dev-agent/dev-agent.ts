import {
  type Clock,
  checkInteger,
  checkOptionNames,
  type Random,
  systemClock,
  systemRandom,
} from '@micromesh/core';
import { agentRoutes } from './agent-routes.js';
import { AgentServer, type Exchange, formatAgentHost } from './agent-server.js';
import { ownService, SERF_CHECK } from './answer-shapes.js';
import type { QueryWorld } from './blocking-query.js';
import { Catalog } from './catalog.js';
import { catalogRoutes } from './catalog-routes.js';
import { Changes } from './changes.js';
import { type DevAgentPlace, readPlace } from './dev-agent-options.js';
import type { AgentAnswer, AgentRequest } from './exchange.js';
import { kvRoute } from './kv-routes.js';
import { KvStore } from './kv-store.js';
import { LocalAgent } from './local-agent.js';
import { type MisbehaveOptions, type Misbehaviour, Misbehaviours } from './misbehaviour.js';
import { newNodeIdentity } from './node-identity.js';
import { Refusal } from './refusal.js';
import { answerByRoute, type Route } from './route.js';

/** What Consul allows one address; here all come from one. */
const MAX_CONNECTIONS = 200;

/** How {@link startDevAgent} starts an agent; port 0 is any free one. */
export interface DevAgentOptions extends DevAgentPlace {
  /** Connections above this are closed at once; default 200, as in Consul. */
  readonly maxConnections?: number;
  /** For TTLs and waits; default: the machine's time. */
  readonly clock?: Clock;
  /** For the jitter of waits; default: `Math.random`. */
  readonly random?: Random;
}

/** A dev agent in this process. */
export interface DevAgent {
  /** `127.0.0.1:8555` */
  readonly address: string;
  /** For how long nobody has asked anything, in ms; 0 while a request is being answered. */
  readonly idleMs: number;
  /**
   * Lets requests go wrong until the returned function is called, for tests of clients. Requests that wait for a write are
   * answered now, in that way.
   */
  misbehave(kind: Misbehaviour, options?: MisbehaveOptions): () => void;
  /** Ends it: no timer and no socket is left. */
  stop(): Promise<void>;
}

const OPTION_NAMES = [
  'host',
  'port',
  'env',
  'maxConnections',
  'clock',
  'random',
] as const satisfies readonly (keyof DevAgentOptions)[];

/**
 * Starts a dev agent in this process: the part of Consul's HTTP API that micromesh uses, for one machine, in memory.
 *
 * @throws ConfigError for a wrong option, and with NODE_ENV=production.
 * @throws Error with the system's code (EADDRINUSE) when it cannot listen.
 */
export async function startDevAgent(options: DevAgentOptions = {}): Promise<DevAgent> {
  checkOptionNames('startDevAgent', options, OPTION_NAMES);
  const place = readPlace(options);
  const agent = new RunningDevAgent(
    options.clock ?? systemClock,
    options.random ?? systemRandom,
    checkInteger('maxConnections', options.maxConnections ?? MAX_CONNECTIONS, 1),
  );
  await agent.listen(place);
  return agent;
}

class RunningDevAgent implements DevAgent {
  readonly #changes = new Changes();
  readonly #misbehaviours = new Misbehaviours();
  readonly #catalog = new Catalog(this.#changes);
  readonly #local: LocalAgent;
  readonly #world: QueryWorld;
  readonly #server: AgentServer;
  #routes: readonly Route[] = [];
  #address = '';

  constructor(clock: Clock, random: Random, maxConnections: number) {
    this.#local = new LocalAgent(this.#catalog, clock);
    this.#world = {
      changes: this.#changes,
      clock,
      random,
      indexLag: () => this.#misbehaviours.indexLag,
    };
    this.#server = new AgentServer(maxConnections, (request, exchange) => this.#answer(request, exchange));
  }

  get address(): string {
    return this.#address;
  }

  get idleMs(): number {
    return this.#server.idleMs;
  }

  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
    const bound = await this.#server.listen(host, port);
    this.#address = formatAgentHost(bound);
    const node = newNodeIdentity(bound.address, bound.port);
    this.#catalog.register(ownService(node), [SERF_CHECK]);
    const store = new KvStore(this.#changes);
    this.#routes = [
      ...agentRoutes(this.#local, node),
      ...catalogRoutes(this.#catalog, node, this.#world),
      kvRoute(store, this.#world),
    ];
  }

  misbehave(kind: Misbehaviour, options: MisbehaveOptions = {}): () => void {
    const end = this.#misbehaviours.start(kind, options, this.#changes.index);
    this.#server.interrupt(kind === 'indexBackwards' ? '/' : (options.path ?? '/'));
    return end;
  }

  async stop(): Promise<void> {
    this.#local.close();
    await this.#server.close();
  }

  async #answer(request: AgentRequest, exchange: Exchange): Promise<AgentAnswer | undefined> {
    const early = this.#misbehaviours.take(request.path);
    if (early !== undefined) return this.#goWrong(early, request, exchange);
    const answer = await answerByRoute(this.#routes, request);
    // A wait that was interrupted in order to go wrong.
    const late =
      request.gone.aborted && !exchange.isOver() ? this.#misbehaviours.take(request.path) : undefined;
    return late === undefined ? answer : this.#goWrong(late, request, exchange);
  }

  async #goWrong(
    kind: Exclude<Misbehaviour, 'indexBackwards'>,
    request: AgentRequest,
    exchange: Exchange,
  ): Promise<AgentAnswer | undefined> {
    switch (kind) {
      case 'noLeader':
        throw new Refusal(500, 'No cluster leader');
      case 'html':
        return {
          status: 200,
          headers: { 'Content-Type': 'text/html' },
          body: '<!doctype html><html><body>Sign in</body></html>',
        };
      case 'halfBody':
        exchange.breakOff(await answerByRoute(this.#routes, request));
        return undefined;
      case 'reset':
        exchange.reset();
        return undefined;
      case 'hang':
        await exchange.ended;
        return undefined;
    }
  }
}
