import type { MetadataPairs } from './metadata-pairs.js';

/** What a call was answered with, to be given again. */
export interface StoredAnswer {
  /** The serialized response. */
  readonly response: Buffer;
  /** What the handler, and the interceptors within, have added. */
  readonly header: MetadataPairs;
  readonly trailer: MetadataPairs;
}

/** A call that names itself. */
export interface KeyedCall {
  /** SHA-256 of the method, the scope and the caller's key, in hex. */
  readonly key: string;
  /** The proto service: `shop.v1.Till`. */
  readonly service: string;
  /** SHA-256 of the request's bytes, in hex. */
  readonly body: string;
  /** What to do where the node that ran the call first has died before it said how that ended. */
  readonly onLostOwner: 'refuse' | 'run';
}

/** The right, and the duty, to run a call. One of the two methods is called, once; neither rejects. */
export interface IdempotencyClaim {
  /** It ran and went well: what to answer from now on. Resolves when the store holds it, or after a second of trying, which then goes on. */
  complete(answer: StoredAnswer): Promise<void>;
  /** It failed, or was not run: whoever asks next may run it. Resolves as {@link complete} does. */
  release(): Promise<void>;
}

/**
 * What a store says to a call. `run`: it is the first; `answered`: it ran, here is the answer; `otherBody`: the key belongs to another
 * request; `unknown`: it began to run, and nobody knows how that ended; `unkept`: it ran, and its answer was not kept;
 * `full`: there is no room for another key.
 */
export type IdempotencyVerdict =
  | { readonly kind: 'run'; readonly claim: IdempotencyClaim }
  | { readonly kind: 'answered'; readonly answer: StoredAnswer }
  | { readonly kind: 'otherBody' }
  | { readonly kind: 'unknown'; readonly cause: string }
  | { readonly kind: 'unkept'; readonly cause: string }
  | { readonly kind: 'full'; readonly cause: string };

/** Which calls have run, and what they were answered. Of all calls with one key, one at a time is told to run. */
export interface IdempotencyStore {
  /**
   * Asks what to do with a call. While another with the same key runs, it waits until that has ended, or the signal aborts.
   *
   * @throws what the signal was aborted with; any other error when the store cannot say, and then the call has not been run.
   */
  begin(call: KeyedCall, signal: AbortSignal): Promise<IdempotencyVerdict>;
  /** No timer, no watch and no request is left. What is stored in another place stays there. */
  close(): Promise<void>;
}
