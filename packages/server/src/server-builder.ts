import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ConfigError, type Random, type ServiceDefinition, toServiceKey } from '@micromesh/core';
import { ActiveCalls } from './active-calls.js';
import { advertisedAddress } from './advertised-address.js';
import { Arrivals } from './arrivals.js';
import { bind } from './bind.js';
import { type BoundHandler, bindHandlers } from './bound-handler.js';
import { CallLogger } from './call-logger.js';
import { addDebug } from './debug/debug-service.js';
import { DebugService } from './gen/micromesh/v1/debug.js';
import { serveMethod } from './grpc-methods.js';
import type { Handlers, NoOthers } from './handlers.js';
import { Health } from './health.js';
import { composeInterceptors, type ServerInterceptor } from './interceptor.js';
import { LoadLimits } from './limits/load-limits.js';
import { PolicyLimits } from './limits/policy-limits.js';
import { OpenStreams } from './open-streams.js';
import { addReflection, type ReflectedService } from './reflection.js';
import { type RunningServer, ServerRun } from './running-server.js';
import { SelfRegistration } from './self-registration.js';
import { runHandler } from './server-call.js';
import { type CreateServerOptions, checkCreateOptions, type StartOptions } from './server-options.js';
import { acquireStallDetector } from './stall-detector.js';
import { checkStartOptions } from './start-options-check.js';

/** Collects what a server serves, then starts it. */
export interface ServerBuilder {
  /**
   * Adds a proto service with a handler for each of its methods.
   *
   * @param definition - the generated `XService` constant, or `loaded.package.X.service` of proto-loader.
   * @throws ConfigError when it is no definition, or a handler is missing, misspelt or no function.
   */
  add<D extends ServiceDefinition, H extends Handlers<D>>(
    definition: D,
    handlers: H & NoOthers<H, D>,
  ): ServerBuilder;
  /** Wraps every call in an interceptor; the first that is added is outermost. */
  use(interceptor: ServerInterceptor): ServerBuilder;
  /**
   * Listens, then registers; resolves when the registry holds it as passing.
   *
   * @throws ConfigError when an option is wrong, the address cannot be listened on, or the registry cannot hold a name; RegistryError
   *   when the registry does not take the registration within ten seconds. Nothing stays open then.
   */
  start(options?: StartOptions): Promise<RunningServer>;
}

/**
 * Begins a server.
 *
 * @throws ConfigError when an option is unknown or wrong.
 */
export function createServer(options: CreateServerOptions): ServerBuilder {
  checkCreateOptions(options);
  return new Builder(options);
}

class Builder implements ServerBuilder {
  readonly #options: CreateServerOptions;
  readonly #handlers: BoundHandler[] = [];
  readonly #services: ReflectedService[] = [];
  readonly #interceptors: ServerInterceptor[] = [];

  constructor(options: CreateServerOptions) {
    this.#options = options;
  }

  add(definition: ServiceDefinition, handlers: object): ServerBuilder {
    const bound = bindHandlers(definition, handlers);
    this.#handlers.push(...bound);
    for (const name of new Set(bound.map(({ method }) => method.service))) {
      this.#services.push({ name, definition });
    }
    return this;
  }

  use(interceptor: ServerInterceptor): ServerBuilder {
    this.#interceptors.push(interceptor);
    return this;
  }

  start(options: StartOptions = {}): Promise<RunningServer> {
    const started = this.#start(options);
    this.#options.onStarting?.(started);
    return started;
  }

  async #start(options: StartOptions): Promise<RunningServer> {
    checkStartOptions(options);
    this.#options.beforeStart?.();
    if (this.#handlers.length === 0) {
      throw new ConfigError(
        'mesh.server',
        this.#options.service,
        'serves nothing',
        'add a service before start',
      );
    }
    const { registry, clock, random, weight = 1, version = '', labels = {}, afterSignal } = this.#options;
    const service = toServiceKey(this.#options.service);
    const id = this.#options.id ?? `${service.name}-${randomPart(random)}`;
    const logger = new CallLogger(this.#options.logger, { service: service.name, nodeId: id });
    const server = new Server({ 'grpc.enable_channelz': 0, ...options.channelOptions });
    const active = new ActiveCalls();
    const streams = new OpenStreams();
    const stalls = acquireStallDetector(clock);
    const limits = this.#options.limits && new LoadLimits(this.#options.limits, { service, clock, random });
    limits?.start();
    const { policies } = this.#options;
    const policyLimits = policies && new PolicyLimits(policies, { service, clock, random });
    const release = () => {
      stalls.release();
      limits?.stop();
    };
    try {
      const serve = composeInterceptors(this.#interceptors, runHandler);
      const room = {
        service,
        clock,
        logger,
        stalls: stalls.detector,
        active,
        arrivals: new Arrivals(),
        serve,
        ...(limits && { limits }),
        ...(policyLimits && { policyLimits }),
      };
      for (const handler of this.#handlers) serveMethod(server, room, handler);
      const names = this.#services.map(({ name }) => name);
      const health = options.health === false ? undefined : await Health.addTo(server, names, streams);
      const listen = options.listen ?? '127.0.0.1:0';
      const { callReport } = this.#options;
      const debugs = options.debug !== false && callReport !== undefined;
      if (debugs) {
        const answers = options.debug === true ? 'all' : 'machine';
        addDebug(server, room, { report: callReport, answers, onSocket: listen.startsWith('unix:') });
      }
      if (options.reflection !== false) {
        const builtIns = debugs ? [{ name: 'micromesh.v1.Debug', definition: DebugService }] : [];
        await addReflection(server, this.#services, builtIns, streams, logger);
      }
      const credentials = options.credentials ?? ServerCredentials.createInsecure();
      // So that the first calls meet the limits that are there.
      await policies?.ready;
      const listening = await bind(server, listen, credentials);
      const advertised = advertisedAddress(options.advertise ?? 'auto', listening);
      const check = options.check ?? (health === undefined ? 'ttl' : 'auto');
      const registration = { service, id, address: advertised, version, labels, weight, check };
      const run = new ServerRun({
        service,
        id,
        advertised,
        listening,
        server,
        active,
        streams,
        health,
        registration:
          options.register === false
            ? undefined
            : new SelfRegistration(registry, registration, clock, logger),
        signals: options.signals ?? [],
        drain: { lameDuckMs: options.drain?.lameDuckMs ?? 1000, graceMs: options.drain?.graceMs ?? 3000 },
        clock,
        logger,
        release,
        afterSignal: afterSignal ?? (() => {}),
      });
      // Before it registers, so that the mesh around it can stop it while it waits for the registry.
      this.#options.onStart?.(run);
      await run.enter();
      return run;
    } catch (error) {
      release();
      server.forceShutdown();
      throw error;
    }
  }
}

function randomPart(random: Random): string {
  return Math.floor(random() * 36 ** 8)
    .toString(36)
    .padStart(8, '0');
}
