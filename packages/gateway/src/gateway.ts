import type { Server } from 'node:http';
import {
  type Address,
  type Clock,
  ConfigError,
  checkInteger,
  checkNumber,
  checkOptionNames,
  formatAddress,
  type Logger,
  messageOf,
  parseAddress,
  type ServiceDefinition,
  systemClock,
} from '@micromesh/core';
import { type GatewayRules, gatewayRules, type Mesh, meshLogger } from '@micromesh/mesh';
import type { FastifyInstance } from 'fastify';
import { FailureLog } from './failure-log.js';
import { isLoopback, readTrustedHosts } from './foreign-pages.js';
import { checkGatewayName } from './gateway-name.js';
import { buildHttpApp } from './http-app.js';
import { type MethodCall, methodCall } from './method-call.js';
import { buildRouteTable, type Route, type RouteTable } from './route-table.js';

/** What a gateway serves, and how. */
export interface GatewayOptions {
  /** Makes the calls; it stays open when the gateway closes. */
  readonly mesh: Pick<Mesh, 'client'>;
  /**
   * The proto services that HTTP clients can call, by the registry's name of their service: `{ user: [UserService] }`. They
   * must be constants that `micromesh generate` wrote: those carry the descriptors that JSON needs.
   */
  readonly definitions: Readonly<Record<string, readonly ServiceDefinition[]>>;
  /**
   * By which VirtualServices mean this gateway: `gateways: [NAME]`. Their rules for the `Host` of a request then hold for it; what none of
   * them takes is answered with 404, and a host without rules is served as by a gateway without a name. Like a resource's name, with its
   * namespace or without: `web`, `shop/web`. Default: none; no rules for gateways hold.
   */
  readonly name?: string;
  /** Goes before each name in the registry, with a dot: go-micro's `go.micro.api`. Default: none. */
  readonly namespace?: string;
  /** The largest request body; at least 1, default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** How long `close` waits for calls under way before it cancels them; at least 0, default 3000. */
  readonly drainMs?: number;
  /**
   * Names of hosts besides the gateway's own, without port: pages of theirs can call it, and on the loopback it answers to them as
   * `Host` (a proxy of this machine passes its own on). Default: none; requests for pages of other sites are refused with 403.
   */
  readonly trustedHosts?: readonly string[];
  /**
   * Told of failures of the gateway itself, and of what the mesh refuses or fails: clients get the status in plain words, the log the
   * addresses and the names of resources, with `reason`, `status`, `subject` (the method) and `alike`; each kind once a second at most.
   * Default: the mesh's logger.
   */
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** Where a gateway listens. */
export interface StartOptions {
  /** `127.0.0.1:8080`, `[::1]:0`, `unix:/path`; port 0: any free one. */
  readonly listen: string;
}

/** A gateway that listens. */
export interface RunningGateway {
  /** Where, as {@link StartOptions.listen} writes it, with the port that it got. */
  readonly address: string;
  /** Takes no new requests, waits for those under way, cancels them after `drainMs`; nothing is left then. */
  close(): Promise<void>;
}

/** HTTP in front of a mesh: JSON to gRPC, by go-micro's path rule. */
export interface Gateway {
  /** The paths that it serves. */
  readonly paths: readonly string[];
  /**
   * Listens.
   *
   * @throws ConfigError when the address is none, or cannot be had (the port is in use).
   */
  start(options: StartOptions): Promise<RunningGateway>;
}

const OPTION_NAMES = [
  'mesh',
  'definitions',
  'name',
  'namespace',
  'bodyLimitBytes',
  'drainMs',
  'trustedHosts',
  'logger',
  'clock',
];

// What a cancelled call may take to be answered before its connection is cut.
const LAST_WORD_MS = 500;

/**
 * Creates a gateway: `GET /user/test?name=x` and `POST /user/test` with JSON call the method Test of the proto service User in
 * the registry's service `user`.
 *
 * With a name the headers of a request are metadata of its call, but for those of HTTP itself and those that are the mesh's own (`grpc-`,
 * `micromesh-`, `idempotency-key`); so are, as Envoy names them, `x-forwarded-for` and `x-envoy-original-path`. Without a name nothing is
 * handed on.
 *
 * Calls are made of GET and POST; other verbs are answered with 405 where no rule answers them, HEAD too: what it would say only a call
 * can tell.
 *
 * @throws ConfigError for an unknown option, a name that no resource could write or whose mesh has no policies, or a definition without
 * descriptors.
 */
export function createGateway(options: GatewayOptions): Gateway {
  checkOptionNames('createGateway', options, OPTION_NAMES);
  const { mesh, definitions, name, namespace = '', logger = meshLogger(mesh), clock = systemClock } = options;
  const bodyLimitBytes = checkInteger('bodyLimitBytes', options.bodyLimitBytes ?? 1024 * 1024, 1);
  const drainMs = checkNumber('drainMs', options.drainMs ?? 3000, 0);
  const trusted = readTrustedHosts(options.trustedHosts ?? []);
  if (name !== undefined) checkGatewayName('name', name);
  const table = buildRouteTable(definitions, namespace);
  const rules = name === undefined ? undefined : rulesOf(mesh, name, table);
  const log = new FailureLog(logger, clock);
  const calls = new Map<Route, MethodCall>();
  const callOf = (route: Route) => {
    const call = calls.get(route) ?? methodCall(mesh, route, log);
    calls.set(route, call);
    return call;
  };
  return {
    paths: table.routes.map(({ path }) => path),
    async start(startOptions) {
      checkOptionNames('gateway.start', startOptions, ['listen']);
      const active = new Set<AbortController>();
      const wanted = parseAddress(startOptions.listen, 'listen');
      const ownHosts = { onLoopback: isLoopback(wanted), trusted };
      const app = buildHttpApp({ table, callOf, bodyLimitBytes, log, ownHosts, rules, active });
      const address = await listen(app, wanted);
      let closed: Promise<void> | undefined;
      return {
        address,
        close() {
          closed ??= drain(app, active, drainMs, clock);
          return closed;
        },
      };
    },
  };
}

/** Without policies a name would promise rules that never hold. */
function rulesOf(mesh: object, name: string, table: RouteTable): GatewayRules {
  const rules = gatewayRules(mesh, name, (path) => {
    const route = table.find(path);
    return route && { service: route.service, method: route.method.method };
  });
  if (rules !== undefined) return rules;
  const mend = 'give createMesh policies and the gateway that mesh itself, or leave the name out';
  throw new ConfigError('name', name, 'means rules for a gateway, and the mesh has no policies', mend);
}

async function listen(app: FastifyInstance, wanted: Address): Promise<string> {
  try {
    await app.listen(
      wanted.kind === 'unix' ? { path: wanted.path } : { host: wanted.host, port: wanted.port },
    );
  } catch (error) {
    await app.close();
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw new ConfigError(
      'listen',
      formatAddress(wanted),
      inUse ? 'is in use' : `cannot be had (${messageOf(error)})`,
      inUse ? 'choose another port, or end what listens there' : 'choose an address of this machine',
    );
  }
  return formatAddress(wanted.kind === 'unix' ? wanted : boundAddress(app.server));
}

function boundAddress(server: Server): Address {
  const bound = server.address();
  if (bound === null || typeof bound === 'string')
    throw new Error(`listening at ${bound}, which has no port`);
  return { kind: 'tcp', host: bound.address, port: bound.port };
}

async function drain(
  app: FastifyInstance,
  active: ReadonlySet<AbortController>,
  drainMs: number,
  clock: Clock,
): Promise<void> {
  const cancel = clock.setTimer(drainMs, () => {
    for (const controller of active) controller.abort();
  });
  const cut = clock.setTimer(drainMs + LAST_WORD_MS, () => app.server.closeAllConnections());
  await app.close();
  cancel.cancel();
  cut.cancel();
}
