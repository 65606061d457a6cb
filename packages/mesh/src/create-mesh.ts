import type { Channel } from '@grpc/grpc-js';
import {
  type BreakerHandle,
  type CallOptions,
  ClientRoom,
  checkCallOptions,
  GrpcJsTransport,
  type TypedClient,
  withOptions,
} from '@micromesh/client';
import {
  type Clock,
  ConfigError,
  functionLike,
  type Logger,
  nameValue,
  type Random,
  readServiceDefinition,
  runDetached,
  type ServiceDefinition,
  type ServiceKey,
  systemClock,
  systemRandom,
  toServiceKey,
} from '@micromesh/core';
import type { Registry } from '@micromesh/registry';
import { createServer, type ServerBuilder } from '@micromesh/server';
import {
  checkChannelSettings,
  checkClientOptions,
  checkMeshOptions,
  checkServerOptions,
  checkServiceKey,
} from './check-mesh-options.js';
import { chooseRegistry } from './choose-registry.js';
import { type DryRunCount, DryRunCounts } from './dry-run-counts.js';
import type { ChannelSettings, ClientOptions, MeshOptions, MeshServerOptions } from './mesh-options.js';
import { MeshPolicies } from './mesh-policies.js';
import { createPinoLogger } from './pino-logger.js';

/** One registry, and the clients and servers of a process that find each other through it. */
export interface Mesh extends AsyncDisposable {
  /**
   * A channel for any grpc-js stub, unchanged: `new HelloClient('hello', credentials, { channelOverride: channel })`. A handle of
   * its own: closing it, or the stub, closes nothing else.
   *
   * @throws ConfigError for options that cannot be.
   */
  channel(service: string | ServiceKey, settings?: ChannelSettings): Channel;
  /**
   * A promise client for a service definition: unary methods give promises, streams async iterables.
   *
   * @throws ConfigError for options that cannot be, and where nobody says the service's name in the registry.
   */
  client<S extends ServiceDefinition>(definition: S, options?: ClientOptions): TypedClient<S>;
  /**
   * Begins a server: `.add(definition, handlers).start({ ... })`.
   *
   * @throws ConfigError for options that cannot be; Error when the mesh was closed, as `start` does.
   */
  server(service: string | ServiceKey, options?: MeshServerOptions): ServerBuilder;
  /**
   * Options for the calls that `work` makes through stubs, which have no place for them.
   *
   * @throws ConfigError for options that cannot be, and for work that is no function.
   */
  with<T>(options: CallOptions, work: () => T): T;
  /**
   * Runs `work` outside the deadline and the cancellation of the current server call.
   *
   * @throws ConfigError when it is no function.
   */
  detached<T>(work: () => T): T;
  /**
   * The circuit breaker of a method, to look at and to open or close by hand; it refuses calls of clients whose `breaker` is on.
   *
   * @param method - its name, or its path.
   * @throws ConfigError for a service or method that cannot be.
   */
  breaker(service: string | ServiceKey, method: string): BreakerHandle;
  /** What resources with the annotation `micromesh.io/dry-run` would have done to the calls of this process since the mesh was made. */
  dryRun(): readonly DryRunCount[];
  /** Stops the servers, ends calls and watches, closes channels and the registry: nothing is left. */
  close(): Promise<void>;
}

const checkWithWork = functionLike(
  'the calls: mesh.with({ retries: 0 }, () => stub.anything(request, callback))',
);
const checkDetachedWork = functionLike('the work: mesh.detached(() => client.anything(request))');

/**
 * Makes a mesh.
 *
 * @throws ConfigError for options that cannot be: it names the option, its value and the mend.
 */
export function createMesh(options: MeshOptions = {}): Mesh {
  return joinMesh(options);
}

/** As {@link createMesh}, for what is built on a mesh and looks into it. @throws ConfigError as that. */
export function joinMesh(options: MeshOptions): JoinedMesh {
  checkMeshOptions(options);
  return new JoinedMesh(options);
}

/** The mesh of {@link createMesh}. */
export class JoinedMesh implements Mesh {
  /** The operator's; undefined: it was given no places of any. */
  readonly policies: MeshPolicies | undefined;
  readonly logger: Logger;
  readonly #options: MeshOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #registry: Registry;
  readonly #ownsRegistry: boolean;
  readonly #clients: ClientRoom;
  readonly #dryRun: DryRunCounts | undefined;
  readonly #servers = new Set<() => Promise<void>>();
  readonly #starts = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(options: MeshOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.logger = options.logger ?? createPinoLogger();
    const { registry, owned } = chooseRegistry(options.registry, {
      clock: this.#clock,
      random: this.#random,
      logger: this.logger,
    });
    this.#registry = registry;
    this.#ownsRegistry = owned;
    this.policies = this.#openPolicies(options);
    this.#clients = new ClientRoom({
      registry: this.#registry,
      transport: (channelOptions) =>
        options.transport ??
        new GrpcJsTransport({
          clock: this.#clock,
          ...(channelOptions === undefined ? {} : { channelOptions }),
        }),
      clock: this.#clock,
      random: this.#random,
      logger: this.logger,
      callerLabels: options.identity?.labels ?? {},
      ...(this.policies === undefined ? {} : { policies: this.policies }),
      defaults: {
        ...options.defaults,
        ...(options.interceptors === undefined ? {} : { interceptors: options.interceptors }),
      },
      ...(options.outlier === undefined ? {} : { outlier: options.outlier }),
      ...(options.slowStartMs === undefined ? {} : { slowStartMs: options.slowStartMs }),
      ...(options.traceRatio === undefined ? {} : { traceRatio: options.traceRatio }),
      ...(options.retryBudget === undefined ? {} : { budget: options.retryBudget }),
    });
    this.#dryRun = this.policies && new DryRunCounts();
  }

  channel(service: string | ServiceKey, settings: ChannelSettings = {}): Channel {
    checkServiceKey('mesh.channel service', service);
    checkChannelSettings(settings);
    const { definitions = [], channelOptions, ...own } = settings;
    return this.#clients.channel(toServiceKey(service), definitions, own, channelOptions);
  }

  client<S extends ServiceDefinition>(definition: S, options: ClientOptions = {}): TypedClient<S> {
    checkClientOptions(definition, options);
    const { service, channelOptions, ...own } = options;
    const key = toServiceKey(service ?? this.#registryName(definition));
    return this.#clients.client(key, definition, own, channelOptions);
  }

  server(service: string | ServiceKey, options: MeshServerOptions = {}): ServerBuilder {
    checkServiceKey('mesh.server service', service);
    checkServerOptions(options);
    this.#refuseServersOnceClosed();
    return createServer({
      labels: this.#options.identity?.labels ?? {},
      ...options,
      service,
      registry: this.#registry,
      logger: this.logger,
      clock: this.#clock,
      random: this.#random,
      ...(this.policies === undefined ? {} : { policies: this.policies }),
      callReport: () => this.#clients.report(),
      afterSignal: () => this.close(),
      beforeStart: () => this.#refuseServersOnceClosed(),
      onStarting: (started) => {
        this.#starts.add(started);
        const forget = () => this.#starts.delete(started);
        started.then(forget, forget);
      },
      onStart: (running) => {
        // It may have been closed while the server was getting ready.
        this.#refuseServersOnceClosed();
        const stop = () => running.stop();
        this.#servers.add(stop);
        void running.stopped.then(() => this.#servers.delete(stop));
      },
    });
  }

  breaker(service: string | ServiceKey, method: string): BreakerHandle {
    checkServiceKey('mesh.breaker service', service);
    nameValue('mesh.breaker method', method);
    return this.#clients.breakers.of(service, method);
  }

  dryRun(): readonly DryRunCount[] {
    return this.#dryRun?.list() ?? [];
  }

  with<T>(options: CallOptions, work: () => T): T {
    checkCallOptions('mesh.with', options);
    checkWithWork('mesh.with work', work);
    return withOptions(options, work);
  }

  detached<T>(work: () => T): T {
    checkDetachedWork('mesh.detached work', work);
    return runDetached(work);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    // Servers first: their handlers may still call other services while they drain.
    await Promise.all([...this.#servers].map((stop) => stop()));
    // One that is not so far yet is refused when it listens, and closes what it has opened.
    await Promise.allSettled(this.#starts);
    this.#clients.close();
    this.policies?.close();
    this.#dryRun?.close();
    if (this.#ownsRegistry) await this.#registry.close();
  }

  #openPolicies({ policies = [], identity }: MeshOptions): MeshPolicies | undefined {
    if (policies.length === 0) return undefined;
    return new MeshPolicies(policies, {
      clock: this.#clock,
      logger: this.logger,
      keyValues: this.#registry.keyValues,
      caller: { labels: identity?.labels ?? {}, namespace: identity?.namespace },
    });
  }

  #refuseServersOnceClosed(): void {
    if (this.#closing === undefined) return;
    throw new Error('the mesh was closed; start its servers before mesh.close()');
  }

  #registryName(definition: ServiceDefinition): string {
    const proto = readServiceDefinition(definition)[0]?.method.service ?? '';
    const name = this.#options.services?.[proto];
    if (name !== undefined) return name;
    throw new ConfigError(
      'mesh.client service',
      undefined,
      `does not say where ${proto} is registered`,
      `pass { service: 'name' }, or createMesh({ services: { '${proto}': 'name' } })`,
    );
  }
}
