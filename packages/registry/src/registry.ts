import type { Address, ServiceKey, Snapshot } from '@micromesh/core';
import type { KeyValueStore } from './kv/key-value-store.js';

/** What a server tells the registry of itself. */
export interface Registration {
  readonly service: ServiceKey;
  /** Name and random part, new at each start. */
  readonly id: string;
  /** Where clients reach it: the advertised address, which may differ from the one it listens on. */
  readonly address: Address;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** An integer of at least 1; default 1. */
  readonly weight: number;
  /**
   * Who finds out that the node is dead: `grpc`, the registry asks `grpc.health.v1`; `ttl`, the node sends heartbeats;
   * `auto`, the first where the registry can reach the address, else the second.
   */
  readonly check: 'auto' | 'grpc' | 'ttl';
}

/** A registration that lives: its heartbeat runs, and heals itself when the registry forgets it. */
export interface Registered {
  readonly id: string;
  /** Stops the heartbeat and takes the entry away; resolves when the registry has confirmed it, or gave no answer in time. */
  deregister(): Promise<void>;
}

/**
 * What a watch knows. `unknown`: no answer yet, so nothing can be said; `current`: the registry's word;
 * `stale`: the last good word, while the registry does not answer.
 */
export type WatchState =
  | { readonly kind: 'unknown'; readonly error?: string }
  | { readonly kind: 'current'; readonly snapshot: Snapshot }
  | { readonly kind: 'stale'; readonly snapshot: Snapshot; readonly error: string };

/** A running watch of one service. */
export interface ServiceWatch {
  readonly state: WatchState;
  /** Calls `listener` at each later change of state until the returned function is called. */
  subscribe(listener: (state: WatchState) => void): () => void;
  /** Ends the watch: no timer and no socket is left. */
  close(): void;
}

/** One line of a service list. */
export interface ServiceSummary {
  readonly service: ServiceKey;
  readonly tags: readonly string[];
}

/** Where services are: registers them, and watches them as whole immutable snapshots. */
export interface Registry {
  /** For events and messages: `consul 127.0.0.1:8500`, `dev agent 127.0.0.1:8555`, `memory`. */
  readonly description: string;
  /** Small texts that all users of the registry share, where it can hold some: Consul, the dev agent and memory can. */
  readonly keyValues?: KeyValueStore;
  /**
   * Adds a node; resolves when the registry holds it as passing.
   *
   * @throws ConfigError when a name, label or weight is one that the registry cannot hold, or another instance passes under the id.
   * @throws RegistryError when the registry refuses or does not answer.
   */
  register(registration: Registration): Promise<Registered>;
  /** Watches a service. The first word, and every word after a failure, comes by itself; failures never empty a snapshot. */
  watch(service: ServiceKey): ServiceWatch;
  /**
   * Lists the services that the registry knows.
   *
   * @throws RegistryError when the registry does not answer.
   */
  services(): Promise<readonly ServiceSummary[]>;
  /** Ends all watches and heartbeats of this registry. Registrations stay; their servers take them away. */
  close(): Promise<void>;
}

/** A {@link Registry} that holds keys and values too. */
export interface KeyValueRegistry extends Registry {
  readonly keyValues: KeyValueStore;
}

/** The registry refused, did not answer, or answered what is no answer. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  /** The HTTP status, where there was one. */
  readonly statusCode: number | undefined;

  constructor(message: string, options: { statusCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.statusCode = options.statusCode;
  }
}
