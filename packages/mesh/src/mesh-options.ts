import type { ChannelOptions } from '@grpc/grpc-js';
import type { ClientSettings, LimitSettings, PlanDefaults, Transport } from '@micromesh/client';
import type { Clock, Logger, Random, ServiceDefinition } from '@micromesh/core';
import type { PolicyPlace } from '@micromesh/policy/places';
import type { Registry } from '@micromesh/registry';
import type { OutlierSettings, StrategyName } from '@micromesh/selector';
import type { ServerLimits } from '@micromesh/server';

/** Who this process is. */
export interface Identity {
  /** The name that its own service has in the registry. */
  readonly service?: string;
  /** What policies call its namespace; default `default`. */
  readonly namespace?: string;
  /** `zone` and `region` among them: locality is told by these. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** How a mesh is made. */
export interface MeshOptions {
  readonly identity?: Identity;
  /**
   * `consul://host:port`, `memory:`, `static:name=host:port,host:port`, `embedded`, or a registry. Default: the environment's
   * `MICROMESH_REGISTRY`, else `embedded`.
   */
  readonly registry?: string | Registry;
  /** The registry name of each proto service, e.g. `{ 'hello.v1.Hello': 'hello' }`, for clients that do not say it. */
  readonly services?: Readonly<Record<string, string>>;
  /** Four methods; default pino on stderr. */
  readonly logger?: Logger;
  /** What clients and calls leave open. */
  readonly defaults?: MeshDefaults;
  /** When a node that answers badly is taken out for a while. */
  readonly outlier?: Partial<OutlierSettings>;
  /**
   * How long a node that joins, or is used again, warms up: its share of the calls grows from a tenth to its own in this time; default 0,
   * at once.
   */
  readonly slowStartMs?: number;
  /** How many extra attempts a service gets. */
  readonly retryBudget?: RetryBudgetOptions;
  /**
   * Where the operator's policies are: `[folder('./policies'), consulKv()]`. Watched; each version is in force as a whole, for the calls that begin
   * after it came. Default: there are none.
   */
  readonly policies?: readonly PolicyPlace[];
  /**
   * The share of the calls, in [0, 1], whose traces are published as `events.trace`: what was decided and whose word it was, each attempt
   * and the nodes that it could have gone to. Costs nothing while nobody listens. Default 0.
   */
  readonly traceRatio?: number;
  /** Outermost first, around those of the client. */
  readonly interceptors?: ClientSettings['interceptors'];
  /** Default: the machine's time. */
  readonly clock?: Clock;
  /** Default: the machine's chance. */
  readonly random?: Random;
  /** How bytes get to nodes; default grpc-js in clear text. */
  readonly transport?: Transport;
}

/** Extra attempts (retries, and attempts beside a slow one) that a service gets. */
export interface RetryBudgetOptions {
  /** As a share of its calls, from 0 to 10; default 0.2. */
  readonly ratio?: number;
  /** And this many a second on top; default 10. */
  readonly perSecond?: number;
  /** Default 10,000. */
  readonly windowMs?: number;
}

/** What clients and calls leave open. */
export interface MeshDefaults extends Omit<PlanDefaults, 'idempotent'>, LimitSettings {
  readonly strategy?: StrategyName;
}

/** What a typed client says for all its calls. */
export interface ClientOptions extends ClientSettings {
  /** The name in the registry; default what `createMesh({ services })` has for the proto service. */
  readonly service?: string;
  /** grpc-js's, for the connections to the nodes. */
  readonly channelOptions?: ChannelOptions;
}

/** What a server of a mesh says of itself. */
export interface MeshServerOptions {
  /** Shown in the registry, and what filters match on; default ''. */
  readonly version?: string;
  /** `zone` and `region` among them; default those of the mesh's identity. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Share of traffic relative to the other nodes: an integer of at least 1; default 1. */
  readonly weight?: number;
  /** Unique in the service; default the name and a random part, new at each start. */
  readonly id?: string;
  /** When it refuses calls, so that those that it has taken end in time (RESOURCE_EXHAUSTED, with push-back); default never. */
  readonly limits?: ServerLimits;
}

/** What a channel says for the calls of the stubs on it. */
export interface ChannelSettings extends Omit<ClientOptions, 'service'> {
  /** The services that stubs on the channel call: they tell the kind of each method and whether it may run twice. */
  readonly definitions?: readonly ServiceDefinition[];
}
