import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { RpcError } from 'micromesh';

/** What a node is told to do wrong, so that the demo can show what becomes of the calls. */
export interface Orders {
  /** The share of the calls of `Anything` that fail, from 0 to 1; default 0. */
  readonly errorRatio?: number;
  /** The name of the status that they fail with; default UNAVAILABLE. */
  readonly code?: string;
  /** Whether they fail at once, or when their work is done but for its effect; default false. */
  readonly atOnce?: boolean;
  /** Added to the work of each call, in ms; default 0. */
  readonly extraMs?: number;
  /** Added to the work of each call: some time from 0 to this, in ms, even; default 0. */
  readonly spreadMs?: number;
  /** The same calls fail in each run with the same seed; default 0. */
  readonly seed?: number;
}

/** A node's faults. What happens to an attempt depends on the seed, the call and the attempt's number, and on nothing else. */
export class Misbehaviour {
  #orders: Orders = {};

  /** From now on these count, and no earlier ones. */
  obey(orders: Orders): void {
    this.#orders = orders;
  }

  /** How much longer the work takes, in ms. */
  extraMs(call: string, attempt: number): number {
    const { extraMs = 0, spreadMs = 0 } = this.#orders;
    return extraMs + (spreadMs > 0 ? spreadMs * this.#chance('work', call, attempt) : 0);
  }

  /** @throws RpcError where the attempt is one of those that fail at once. */
  atOnce(call: string, attempt: number): void {
    if (this.#orders.atOnce === true) this.#fail(call, attempt);
  }

  /** @throws RpcError where the attempt is one of those that fail when their work is done. */
  afterWork(call: string, attempt: number): void {
    if (this.#orders.atOnce !== true) this.#fail(call, attempt);
  }

  #fail(call: string, attempt: number): void {
    const { errorRatio = 0, code = 'UNAVAILABLE' } = this.#orders;
    if (errorRatio === 0 || this.#chance('error', call, attempt) >= errorRatio) return;
    const number = Object.entries(status).find(([name]) => name === code)?.[1];
    throw new RpcError(typeof number === 'number' ? number : status.UNKNOWN, 'told to fail');
  }

  /** From 0 to below 1. */
  #chance(what: string, call: string, attempt: number): number {
    const { seed = 0 } = this.#orders;
    const digest = createHash('sha256').update(`${seed}/${what}/${call}/${attempt}`).digest();
    return digest.readUInt32BE() / 2 ** 32;
  }
}

/** Lets the process that started this one give orders over IPC: `{ type: 'misbehave', orders }`. */
export function obeyParent(misbehaviour: Misbehaviour): void {
  process.on('message', (message) => {
    if (isCommand(message)) misbehaviour.obey(message.orders);
  });
}

function isCommand(message: unknown): message is { readonly orders: Orders } {
  if (typeof message !== 'object' || message === null) return false;
  if (!('type' in message) || message.type !== 'misbehave' || !('orders' in message)) return false;
  return typeof message.orders === 'object' && message.orders !== null;
}
