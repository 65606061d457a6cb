import type { LedgerMessage, LedgerMethod } from '../service/ledger.js';

/** Of every unary call, for all clients. */
export const DEADLINE_MS = 1_000;

/** Further attempts that clients with retries make, as many as micromesh makes by default. */
export const RETRIES = 1;

/** The nodes that a client calls, in both of the ways in which one can be told of them. */
export interface FaultTarget {
  /** `host:port` of each node at the start of the run: all that a client without a registry ever knows. */
  readonly addresses: readonly string[];
  /** As `createMesh` takes it. */
  readonly registry: string;
  /** The name of the nodes there. */
  readonly service: string;
}

/** One way to call the nodes. */
export interface FaultClient {
  /** Makes one call; resolves with its answer, or at the end of its stream. */
  call(method: LedgerMethod, id: string): Promise<unknown>;
}

/**
 * What a client promises. `both`: no call fails while a healthy node is left, and none that is not idempotent runs twice. A
 * plain server that stood still runs whatever lay in its socket, be it cancelled or not, so that of such a server's
 * calls only one can be had: `noFailure`, or `onceOnly`, where what was on the node when it stood still may fail.
 */
export type FaultPromise = 'both' | 'noFailure' | 'onceOnly' | 'nothing';

/** One of the clients that are compared; its process ends with it. */
export interface FaultContender {
  /** For the JSON, and in the ids of its calls. */
  readonly id: string;
  /** Which nodes it calls. */
  readonly fleet: 'mesh' | 'plain' | 'control';
  readonly promises: FaultPromise;
  /** Further attempts that it makes; default {@link RETRIES}. */
  readonly retries?: number;
  open(target: FaultTarget): FaultClient;
}

/** A promise client of the ledger, as nice-grpc and micromesh make one. */
export interface LedgerCalls {
  read(message: LedgerMessage): Promise<unknown>;
  write(message: LedgerMessage): Promise<unknown>;
  readStream(message: LedgerMessage): AsyncIterable<unknown>;
  writeStream(message: LedgerMessage): AsyncIterable<unknown>;
}

/** Makes a call of any kind through a promise client. */
export async function callThrough(calls: LedgerCalls, method: LedgerMethod, id: string): Promise<void> {
  if (method === 'read' || method === 'write') {
    await calls[method]({ id });
    return;
  }
  for await (const _ of calls[method]({ id }));
}
