import type { ServerOptions as GrpcServerOptions, ServerCredentials } from '@grpc/grpc-js';
import {
  type Clock,
  checkInteger,
  checkOptionNames,
  type Logger,
  type Random,
  type ServiceKey,
  type ServiceReport,
} from '@micromesh/core';
import type { Registration, Registry } from '@micromesh/registry';
import { checkServerLimits, type ServerLimits } from './limits/server-limits.js';
import type { ServerPolicies } from './limits/server-policies.js';
import type { DrainOptions, RunningServer } from './running-server.js';

/** What a server is, and what it stands on. */
export interface CreateServerOptions {
  /** The name in the registry. */
  readonly service: string | ServiceKey;
  /** Shown in the registry, and what filters match on; default ''. */
  readonly version?: string;
  /** `zone` and `region` among them; default none. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Share of traffic relative to the other nodes: an integer of at least 1; default 1. */
  readonly weight?: number;
  /** Unique in the service; default the name and a random part, new at each start. */
  readonly id?: string;
  /** When it refuses calls (RESOURCE_EXHAUSTED, with push-back); default never. */
  readonly limits?: ServerLimits;
  /** The operator's, which limit its calls; default: there are none. */
  readonly policies?: ServerPolicies;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** What this process knows of the services that it calls, for the debug service; default: the server has none. */
  readonly callReport?: () => readonly ServiceReport[];
  /** Called when a signal has stopped a server, so that the mesh around it can close. */
  readonly afterSignal?: () => void | Promise<void>;
  /** Called when a server is to start, before anything is opened; what it throws refuses the start. */
  readonly beforeStart?: () => void;
  /** Called with the start of each server, so that the mesh around it can wait for its end. */
  readonly onStarting?: (started: Promise<RunningServer>) => void;
  /** Called with each server that listens, before it registers, so that the mesh around it can stop it. */
  readonly onStart?: (running: RunningServer) => void;
}

/** How a server starts. */
export interface StartOptions {
  /** `host:port`, `[ipv6]:port` or `unix:/path`; port 0 takes a free one. Default `127.0.0.1:0`. */
  readonly listen?: string;
  /**
   * What clients reach. Default `auto`: the host listened on, or for `0.0.0.0` and `[::]` the machine's first address that is
   * not internal. In an address, port 0 means the port listened on.
   */
  readonly advertise?: string;
  /** Whether it is entered into the registry; default true. */
  readonly register?: boolean;
  /** Signals that stop it; default none. The first drains, a second (after 500 ms) exits at once, with 128 + its number. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Default `ServerCredentials.createInsecure()`. */
  readonly credentials?: ServerCredentials;
  /** grpc-js's; channelz is off by default. */
  readonly channelOptions?: GrpcServerOptions;
  readonly drain?: DrainOptions;
  /** Who finds out that it is dead; default `auto`, see {@link Registration.check}. */
  readonly check?: Registration['check'];
  /** Whether it has `grpc.reflection` (v1, v1alpha) for what carries descriptors; default true. */
  readonly reflection?: boolean;
  /** Whether it has `grpc.health.v1`; default true. */
  readonly health?: boolean;
  /**
   * Who may ask `micromesh.v1.Debug` which nodes this process sees, as `micromesh nodes` does: true: all, past the interceptors; false:
   * nobody. Default: callers on the same machine.
   */
  readonly debug?: boolean;
}

/** @throws ConfigError naming the option, its value and the fix. */
export function checkCreateOptions(options: CreateServerOptions): void {
  checkOptionNames('mesh.server', options, [
    'service',
    'version',
    'labels',
    'weight',
    'id',
    'limits',
    'policies',
    'registry',
    'logger',
    'clock',
    'random',
    'callReport',
    'afterSignal',
    'beforeStart',
    'onStarting',
    'onStart',
  ]);
  if (options.weight !== undefined) checkInteger('mesh.server.weight', options.weight, 1);
  if (options.limits !== undefined) checkServerLimits('mesh.server.limits', options.limits);
}
