import type { ChannelOptions } from '@grpc/grpc-js';
import {
  CALL_OPTION_NAMES,
  type CallOptions,
  type ClientSettings,
  type PlanDefaults,
  type Transport,
} from '@micromesh/client';
import {
  type Clock,
  ConfigError,
  checkInteger,
  checkNumber,
  checkOptionNames,
  type Logger,
  type Random,
  type ServiceDefinition,
} from '@micromesh/core';
import type { Registry } from '@micromesh/registry';
import type { OutlierSettings, StrategyName } from '@micromesh/selector';

/** Who this process is. */
export interface Identity {
  /** The name that its own service has in the registry. */
  readonly service?: string;
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
  /** How many extra attempts a service gets. */
  readonly retryBudget?: RetryBudgetOptions;
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
  /** As a share of its calls; default 0.2. */
  readonly ratio?: number;
  /** And this many a second on top; default 10. */
  readonly perSecond?: number;
  /** Default 10,000. */
  readonly windowMs?: number;
}

/** What clients and calls leave open. */
export interface MeshDefaults extends Omit<PlanDefaults, 'idempotent'> {
  readonly strategy?: StrategyName;
}

/** What a typed client says for all its calls. */
export interface ClientOptions extends ClientSettings {
  /** The name in the registry; default what `createMesh({ services })` has for the proto service. */
  readonly service?: string;
  /** grpc-js's, for the connections to the nodes. */
  readonly channelOptions?: ChannelOptions;
}

/** What a channel says for the calls of the stubs on it. */
export interface ChannelSettings extends Omit<ClientOptions, 'service'> {
  /** The services that stubs on the channel call: they tell the kind of each method and whether it may run twice. */
  readonly definitions?: readonly ServiceDefinition[];
}

const DEFAULT_NAMES = [
  ...CALL_OPTION_NAMES.filter((name) => !['signal', 'metadata', 'hashKey', 'idempotent'].includes(name)),
  'strategy',
];
const CLIENT_NAMES = [...DEFAULT_NAMES, 'service', 'idempotent', 'interceptors', 'channelOptions'];
const CHANNEL_NAMES = [...CLIENT_NAMES.filter((name) => name !== 'service'), 'definitions'];
const MESH_NAMES = [
  'identity',
  'registry',
  'services',
  'logger',
  'defaults',
  'outlier',
  'retryBudget',
  'interceptors',
  'clock',
  'random',
  'transport',
];

/** @throws ConfigError for what cannot be. */
export function checkMeshOptions(options: MeshOptions): void {
  checkOptionNames('createMesh', options, MESH_NAMES);
  checkOptionNames('createMesh identity', options.identity ?? {}, ['service', 'labels']);
  checkOptionNames('createMesh defaults', options.defaults ?? {}, DEFAULT_NAMES);
  checkOptionNames('createMesh retryBudget', options.retryBudget ?? {}, ['ratio', 'perSecond', 'windowMs']);
  checkValues('defaults', options.defaults ?? {});
}

/** @throws ConfigError for what cannot be. */
export function checkClientOptions(what: string, options: ClientOptions): void {
  checkOptionNames(what, options, CLIENT_NAMES);
  checkValues(what, options);
}

/** @throws ConfigError for what cannot be. */
export function checkChannelSettings(settings: ChannelSettings): void {
  checkOptionNames('mesh.channel', settings, CHANNEL_NAMES);
  checkValues('mesh.channel', settings);
}

/** @throws ConfigError for what cannot be. */
export function checkCallOptions(options: CallOptions): void {
  checkOptionNames('mesh.with', options, CALL_OPTION_NAMES);
  checkValues('mesh.with', options);
}

function checkValues(what: string, options: Partial<ClientOptions>): void {
  const { timeoutMs, retries, attemptTimeoutMs, retry, strategy, filter } = options;
  if (timeoutMs !== undefined) checkNumber(`${what}.timeoutMs`, timeoutMs, 1);
  if (attemptTimeoutMs !== undefined) checkNumber(`${what}.attemptTimeoutMs`, attemptTimeoutMs, 1);
  if (retries !== undefined) checkInteger(`${what}.retries`, retries, 0, 100);
  if (retry !== undefined && typeof retry !== 'function') {
    throw new ConfigError(`${what}.retry`, retry, 'is no function', 'give one, e.g. retryOnError');
  }
  if (strategy !== undefined && strategy !== 'hash-random' && strategy !== 'round-robin') {
    throw new ConfigError(`${what}.strategy`, strategy, 'is no strategy', 'give hash-random or round-robin');
  }
  if (filter !== undefined) checkOptionNames(`${what}.filter`, filter, ['version', 'labels', 'locality']);
  if (options.backoff !== undefined)
    checkOptionNames(`${what}.backoff`, options.backoff, ['baseMs', 'maxMs']);
}
