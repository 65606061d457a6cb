import { type Channel, type ChannelOptions, status } from '@grpc/grpc-js';
import {
  type Clock,
  type Delivery,
  formatServiceKey,
  type Logger,
  type Outcome,
  type Random,
  type ServiceDefinition,
  type ServiceKey,
  type ServiceReport,
  silentLogger,
} from '@micromesh/core';
import { LimitCounters } from '@micromesh/policy/limits';
import type { Registry } from '@micromesh/registry';
import {
  type CallerLabels,
  createStrategy,
  OUTLIER_DEFAULTS,
  type OutlierSettings,
  type Strategy,
  type StrategyName,
  slowStart,
} from '@micromesh/selector';
import type { ClientCall } from './call/client-call.js';
import type { PlanDefaults } from './call/plan-defaults.js';
import { Planner } from './call/planner.js';
import { ReplayMemory } from './call/replay-buffer.js';
import { type AttemptInterceptor, buildChain, type CallInterceptor } from './chain/chain.js';
import { localOutcome } from './chain/local-outcome.js';
import { DryRun } from './dry-run/dry-run.js';
import type { CircuitBreakers } from './limits/circuit-breakers.js';
import { LimitRoom } from './limits/client-limits.js';
import type { LimitSettings } from './limits/limit-settings.js';
import { MirrorCopies } from './mirror/mirror-copies.js';
import type { Service } from './nodes/service.js';
import { ServiceNodes } from './nodes/service-nodes.js';
import { MethodLatencies } from './retry/method-latencies.js';
import { BUDGET_DEFAULTS, type BudgetSettings, RetryTokens } from './retry/retry-tokens.js';
import { Roster } from './roster.js';
import { connectionPolicy } from './routing/connection-policy.js';
import { DestinationLimits } from './routing/destination-limits.js';
import { DestinationStrategies } from './routing/destination-strategy.js';
import type { PolicyView } from './routing/policy-view.js';
import { type Destination, Router } from './routing/router.js';
import { Caller } from './surface/caller.js';
import { MeshChannel } from './surface/mesh-channel.js';
import { typedClient } from './surface/typed-client.js';
import type { TypedClient } from './surface/typed-client-types.js';
import { CallTraces } from './trace/call-traces.js';
import type { Transport } from './transport/transport.js';

/** What the clients of a mesh stand on. */
export interface ClientRoomParts {
  readonly registry: Registry;
  /** Gives the transport for the channel options that a client asks for. */
  readonly transport: (channelOptions?: ChannelOptions) => Transport;
  readonly clock: Clock;
  readonly random: Random;
  /** Default: silent. */
  readonly logger?: Logger;
  /** The labels of this process, for locality. */
  readonly callerLabels: CallerLabels;
  readonly outlier?: Partial<OutlierSettings>;
  /** How long a node that joins or returns warms up; default 0: not at all. */
  readonly slowStartMs?: number;
  readonly budget?: Partial<BudgetSettings>;
  /** What its clients leave open; it is no word of theirs against the operator's. */
  readonly defaults?: ClientSettings;
  /** Left out: there are none. */
  readonly policies?: PolicyView;
  /** The share of the calls whose traces are published, in [0, 1]; default 0. */
  readonly traceRatio?: number;
  /** Default 1 MiB a call and 64 MiB in all. */
  readonly replay?: { readonly callBytes?: number; readonly meshBytes?: number };
}

/** What one client or channel of a mesh says for its calls, over the mesh's defaults. */
export interface ClientSettings extends PlanDefaults, LimitSettings {
  /** Default `hash-random`. */
  readonly strategy?: StrategyName;
  /** Outermost first. */
  readonly interceptors?: {
    readonly call?: readonly CallInterceptor[];
    readonly attempt?: readonly AttemptInterceptor[];
  };
}

/** A service, and its strategies by name: what they remember holds across clients. */
interface SharedService extends Service {
  readonly strategies: Map<StrategyName, Strategy>;
  readonly ruled: DestinationStrategies;
  readonly latencies: MethodLatencies;
}

const CLOSED = 'the mesh was closed';
const MIB = 1024 * 1024;

/** All clients of one mesh: the services they share, and the calls that are under way. */
export class ClientRoom {
  readonly #parts: ClientRoomParts;
  readonly #services = new Map<string, SharedService>();
  readonly #active = new Roster<ClientCall>();
  readonly #replayMemory: ReplayMemory;
  readonly #limits: LimitRoom;
  readonly #traces: CallTraces;
  readonly #policyLimits: LimitCounters | undefined;
  readonly #destinations: DestinationLimits | undefined;
  readonly #dryRun: DryRun;
  #closed = false;

  constructor(parts: ClientRoomParts) {
    this.#parts = parts;
    this.#replayMemory = new ReplayMemory(parts.replay?.meshBytes ?? 64 * MIB);
    this.#limits = new LimitRoom(parts.clock, parts.random);
    this.#traces = new CallTraces(parts.traceRatio ?? 0, parts.clock, parts.random);
    this.#dryRun = new DryRun(parts.random);
    this.#destinations = parts.policies && new DestinationLimits(parts.policies);
    this.#policyLimits = parts.policies && new LimitCounters('client', parts.policies, parts.clock);
  }

  /** A channel for any grpc-js stub. */
  channel(
    service: ServiceKey,
    definitions: readonly ServiceDefinition[],
    settings: ClientSettings,
    channelOptions?: ChannelOptions,
  ): Channel {
    const caller = this.callerFor(service, settings, channelOptions);
    const { secure } = caller.parts.to.nodes.transport;
    const channel: unknown = new MeshChannel({ caller, definitions, secure });
    // `Channel` is a class with a private field, so that no other class fits its type; stubs use its interface, which
    // MeshChannel implements, and nice-grpc asks for the class's type.
    return channel as Channel;
  }

  /** A promise client for a service definition. */
  client<S extends ServiceDefinition>(
    service: ServiceKey,
    definition: S,
    settings: ClientSettings,
    channelOptions?: ChannelOptions,
  ): TypedClient<S> {
    return typedClient(definition, this.callerFor(service, settings, channelOptions));
  }

  /** The services that were asked for, with their nodes. */
  get services(): readonly Service[] {
    return [...this.#services.values()];
  }

  /** The circuit breakers of all clients, to look at and to order by hand. */
  get breakers(): CircuitBreakers {
    return this.#limits.breakers;
  }

  /** Ends every call with UNAVAILABLE, every watch and every channel. */
  close(): void {
    this.#closed = true;
    for (const call of [...this.#active]) {
      call.stop(closedOutcome(call.delivery));
    }
    for (const { nodes } of this.#services.values()) nodes.close();
    this.#services.clear();
  }

  /** What is known of the nodes of all services that clients were made for. */
  report(): readonly ServiceReport[] {
    return [...this.#services.values()].map(({ nodes }) => nodes.report());
  }

  /**
   * Makes calls to a service, below any surface.
   *
   * @throws Error when the mesh was closed.
   */
  callerFor(key: ServiceKey, own: ClientSettings, channelOptions?: ChannelOptions): Caller {
    const settings = withDefaults(own, this.#parts.defaults);
    const limits = this.#limits.limitsOf(key, settings);
    const retryConcurrency = this.#limits.retriesOf(key, settings);
    if (this.#closed) throw new Error(`${CLOSED}; make its clients and channels before mesh.close()`);
    const service = this.#service(key, channelOptions);
    const { clock, random, replay, policies } = this.#parts;
    const strategyOf = (of: SharedService) => this.#strategy(of, settings.strategy ?? 'hash-random');
    const planner = new Planner(settings, strategyOf(service), service.latencies, own, this.#parts.defaults);
    const to = retryConcurrency === undefined ? service : { ...service, retryConcurrency };
    const destinationOf = (where: ServiceKey): Destination => {
      const name = formatServiceKey(where);
      // A call that has waited for the policies may come here when all is closed: nothing is opened for it.
      const isOwn = name === service.name || this.#closed;
      const target = isOwn ? service : this.#service(where, channelOptions);
      return {
        service: target === service ? to : target,
        strategy: strategyOf(target),
        latencies: target.latencies,
        ruled: target.ruled,
      };
    };
    const destinations = this.#destinations;
    const router =
      policies && destinations && new Router(policies, destinationOf, random, destinations, this.#dryRun);
    const { invoke } = buildChain({
      clock,
      random,
      planner,
      ...(router && { router, copies: new MirrorCopies(router, this.#active, clock) }),
      callInterceptors: settings.interceptors?.call ?? [],
      attemptInterceptors: settings.interceptors?.attempt ?? [],
      ...(limits === undefined ? {} : { limits }),
      ...(this.#policyLimits && { policyLimits: this.#policyLimits }),
    });
    return new Caller({
      to,
      invoke,
      clock,
      replayMemory: this.#replayMemory,
      replayBytesPerCall: replay?.callBytes ?? MIB,
      active: this.#active,
      traces: this.#traces,
      refusal: () => (this.#closed ? closedOutcome('unsent') : undefined),
    });
  }

  /** Clients of one service share its nodes, unless they ask for connections of another kind. */
  #service(key: ServiceKey, channelOptions: ChannelOptions | undefined): SharedService {
    const name = formatServiceKey(key);
    const sharedAs = channelOptions === undefined ? name : `${name} ${JSON.stringify(channelOptions)}`;
    let service = this.#services.get(sharedAs);
    if (service === undefined) {
      const { registry, transport, clock, random, callerLabels, outlier, budget, policies } = this.#parts;
      const nodes = new ServiceNodes({
        service: key,
        registry: registry.description,
        watch: registry.watch(key),
        transport: transport(channelOptions),
        ...(policies && { connections: connectionPolicy(key, policies) }),
        clock,
        random,
        callerLabels,
        outlier: { ...OUTLIER_DEFAULTS, ...outlier },
        ...(registry.keyValues === undefined
          ? {}
          : { interventions: { store: registry.keyValues, logger: this.#parts.logger ?? silentLogger } }),
      });
      service = {
        key,
        name,
        nodes,
        budget: new RetryTokens({ ...BUDGET_DEFAULTS, ...budget }, clock),
        strategies: new Map(),
        ruled: new DestinationStrategies(random, this.#parts.slowStartMs ?? 0),
        latencies: new MethodLatencies(),
      };
      this.#services.set(sharedAs, service);
    }
    return service;
  }

  /** One object a service and strategy, so that what it remembers holds across clients and calls. */
  #strategy(service: SharedService, name: StrategyName): Strategy {
    let strategy = service.strategies.get(name);
    if (strategy === undefined) {
      strategy = createStrategy(name, this.#parts.random, slowStart(this.#parts.slowStartMs ?? 0));
      service.strategies.set(name, strategy);
    }
    return strategy;
  }
}

function withDefaults(own: ClientSettings, defaults: ClientSettings | undefined): ClientSettings {
  if (defaults === undefined) return own;
  return {
    ...defaults,
    ...own,
    interceptors: {
      call: [...(defaults.interceptors?.call ?? []), ...(own.interceptors?.call ?? [])],
      attempt: [...(defaults.interceptors?.attempt ?? []), ...(own.interceptors?.attempt ?? [])],
    },
  };
}

function closedOutcome(delivery: Delivery): Outcome {
  return localOutcome(status.UNAVAILABLE, 'closed', delivery, CLOSED);
}
