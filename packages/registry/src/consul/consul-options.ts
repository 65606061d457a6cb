import { readFileSync } from 'node:fs';
import {
  type Clock,
  ConfigError,
  checkInteger,
  checkNumber,
  checkOptionNames,
  type Logger,
  messageOf,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
} from '@micromesh/core';
import type { Backoff } from '../backoff.js';
import { type AgentAddress, parseAgentAddress } from './agent-address.js';

/** TLS towards the agent, as Node's `tls.connect` has it. */
export interface ConsulTls {
  /** PEM; default: the CAs that Node trusts. */
  readonly ca?: string | Buffer;
  /** The client's certificate and key, PEM. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Default true. */
  readonly rejectUnauthorized?: boolean;
  /** The name that the agent's certificate has to have; default: the host of the address. */
  readonly servername?: string;
}

/** How a Consul registry is made. What is not given here is read from Consul's own environment variables. */
export interface ConsulOptions {
  /** One agent or several, of which the next is asked when one does not answer. Default: CONSUL_HTTP_ADDR, else `127.0.0.1:8500`. */
  readonly address?: string | readonly string[];
  /** An ACL token, or what gives one; a function is asked again when Consul answers 403. Default: CONSUL_HTTP_TOKEN. */
  readonly token?: string | (() => string | Promise<string>);
  /** A file that holds the token; read again when Consul answers 403. Default: CONSUL_HTTP_TOKEN_FILE. */
  readonly tokenFile?: string;
  /** For service keys that name none. Default: the agent's own. */
  readonly datacenter?: string;
  readonly namespace?: string;
  readonly partition?: string;
  /** Default: CONSUL_CACERT, CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY. An address without a scheme means https when given, or with CONSUL_HTTP_SSL=true. */
  readonly tls?: ConsulTls;
  /** Whether any Consul server may answer reads, not only the leader; default true. */
  readonly stale?: boolean;
  /** How long a blocking query may wait, in ms: 1,000 to 600,000; default 30,000. */
  readonly waitMs?: number;
  /** How long a plain request may take, in ms; default 5,000. */
  readonly requestTimeoutMs?: number;
  /** The least time between two answers of one watch while they keep coming, in ms; default 100. */
  readonly minIntervalMs?: number;
  /**
   * Most connections to an agent for watches, one each; at least 1, default 50. What is watched beyond that is asked for about once a
   * second, as it is after an agent has refused connections. An agent takes 200 from one address, of all processes there together
   * (`limits.http_max_conns_per_client`); 26 more of this registry are for all else.
   */
  readonly maxWatchConnections?: number;
  /** First wait after a failure, in ms, doubled from failure to failure; default 100. */
  readonly retryBaseMs?: number;
  /** Longest wait after a failure, in ms; default 2,000. */
  readonly retryMaxMs?: number;
  /** Time between heartbeats, in ms; default 10,000. */
  readonly heartbeatMs?: number;
  /** How long Consul believes a node without a heartbeat, in ms: at least 2 x heartbeatMs; default 30,000. */
  readonly ttlMs?: number;
  /** How often the agent runs a gRPC check, in ms: at least 1,000; default 5,000. */
  readonly checkIntervalMs?: number;
  /** How long a node may be critical before Consul takes it away, in ms: at least 60,000; default 600,000. */
  readonly deregisterCriticalAfterMs?: number;
  /** Default: the machine's time. */
  readonly clock?: Clock;
  /** Default: `Math.random`. */
  readonly random?: Random;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Where Consul's variables are read from; default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Options with defaults and environment filled in. */
export interface ConsulSettings {
  readonly addresses: readonly AgentAddress[];
  readonly token: string | (() => string | Promise<string>) | undefined;
  readonly tokenFile: string | undefined;
  readonly datacenter: string | undefined;
  readonly namespace: string | undefined;
  readonly partition: string | undefined;
  readonly tls: ConsulTls;
  readonly stale: boolean;
  readonly waitMs: number;
  readonly requestTimeoutMs: number;
  readonly minIntervalMs: number;
  readonly maxWatchConnections: number;
  readonly retry: Backoff;
  readonly heartbeatMs: number;
  readonly ttlMs: number;
  readonly checkIntervalMs: number;
  readonly deregisterCriticalAfterMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const OPTION_NAMES = [
  'address',
  'token',
  'tokenFile',
  'datacenter',
  'namespace',
  'partition',
  'tls',
  'stale',
  'waitMs',
  'requestTimeoutMs',
  'minIntervalMs',
  'maxWatchConnections',
  'retryBaseMs',
  'retryMaxMs',
  'heartbeatMs',
  'ttlMs',
  'checkIntervalMs',
  'deregisterCriticalAfterMs',
  'clock',
  'random',
  'logger',
  'env',
] as const satisfies readonly (keyof ConsulOptions)[];

const TLS_NAMES = [
  'ca',
  'cert',
  'key',
  'rejectUnauthorized',
  'servername',
] as const satisfies readonly (keyof ConsulTls)[];

/**
 * Checks options and fills in what they leave out.
 *
 * @throws ConfigError when an option is unknown or out of range, an address is none, or a file of the environment cannot be read.
 */
export function readConsulOptions(options: ConsulOptions): ConsulSettings {
  checkOptionNames('consul', options, OPTION_NAMES);
  if (options.tls !== undefined) checkOptionNames('consul.tls', options.tls, TLS_NAMES);
  const env = options.env ?? process.env;
  const tls = options.tls ?? tlsFrom(env);
  const secure = options.tls !== undefined || env.CONSUL_HTTP_SSL === 'true' || env.CONSUL_HTTP_SSL === '1';
  const heartbeatMs = checkNumber('heartbeatMs', options.heartbeatMs ?? 10_000, 1);
  // An explicit token of one kind beats an environment that has the other.
  const tokenIsGiven = options.token !== undefined || options.tokenFile !== undefined;
  const retryBaseMs = checkNumber('retryBaseMs', options.retryBaseMs ?? 100, 1);
  return {
    addresses: addressesFrom(options.address, env, secure),
    token: tokenIsGiven ? options.token : nonEmpty(env.CONSUL_HTTP_TOKEN),
    tokenFile: tokenIsGiven ? options.tokenFile : nonEmpty(env.CONSUL_HTTP_TOKEN_FILE),
    datacenter: options.datacenter,
    namespace: options.namespace,
    partition: options.partition,
    tls,
    stale: options.stale ?? true,
    waitMs: checkNumber('waitMs', options.waitMs ?? 30_000, 1_000, 600_000),
    requestTimeoutMs: checkNumber('requestTimeoutMs', options.requestTimeoutMs ?? 5_000, 1),
    minIntervalMs: checkNumber('minIntervalMs', options.minIntervalMs ?? 100, 1),
    maxWatchConnections: checkInteger('maxWatchConnections', options.maxWatchConnections ?? 50, 1),
    retry: {
      baseMs: retryBaseMs,
      maxMs: checkNumber('retryMaxMs', options.retryMaxMs ?? 2_000, retryBaseMs),
    },
    heartbeatMs,
    ttlMs: ttlFrom(options.ttlMs ?? 30_000, heartbeatMs),
    checkIntervalMs: checkNumber('checkIntervalMs', options.checkIntervalMs ?? 5_000, 1_000),
    deregisterCriticalAfterMs: checkNumber(
      'deregisterCriticalAfterMs',
      options.deregisterCriticalAfterMs ?? 600_000,
      60_000,
    ),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    logger: options.logger ?? silentLogger,
  };
}

function ttlFrom(given: number, heartbeatMs: number): number {
  const ttlMs = checkNumber('ttlMs', given, 1);
  if (ttlMs >= 2 * heartbeatMs) return ttlMs;
  throw new ConfigError(
    'ttlMs',
    ttlMs,
    `is less than 2 x heartbeatMs (${heartbeatMs}): beats come at 0.9 to 1.1 times heartbeatMs, and a node whose beat is late would go`,
    `give at least ${2 * heartbeatMs}, or a smaller heartbeatMs`,
  );
}

function addressesFrom(
  given: string | readonly string[] | undefined,
  env: Readonly<Record<string, string | undefined>>,
  secure: boolean,
): readonly AgentAddress[] {
  if (given === undefined) {
    const text = nonEmpty(env.CONSUL_HTTP_ADDR);
    if (text !== undefined) return [parseAgentAddress(text, 'CONSUL_HTTP_ADDR', secure)];
    return [parseAgentAddress('127.0.0.1', 'address', secure)];
  }
  const texts = typeof given === 'string' ? given.split(',') : given;
  if (!Array.isArray(texts) || texts.some((text) => typeof text !== 'string')) {
    throw new ConfigError('address', given, 'is no address', "give 'host:port', or a list of them");
  }
  if (texts.length === 0) {
    throw new ConfigError('address', given, 'names no agent', 'give at least one, or leave it out');
  }
  return texts.map((text) => parseAgentAddress(text.trim(), 'address', secure));
}

function tlsFrom(env: Readonly<Record<string, string | undefined>>): ConsulTls {
  const ca = fileNamedBy('CONSUL_CACERT', env);
  const cert = fileNamedBy('CONSUL_CLIENT_CERT', env);
  const key = fileNamedBy('CONSUL_CLIENT_KEY', env);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function fileNamedBy(
  variable: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const path = nonEmpty(env[variable]);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(
      variable,
      path,
      `cannot be read (${messageOf(error)})`,
      'name a PEM file, or unset it',
    );
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
