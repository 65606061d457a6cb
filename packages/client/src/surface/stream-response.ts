import { type Metadata, status } from '@grpc/grpc-js';
import { type Clock, messageOf, type Outcome } from '@micromesh/core';
import type { ClientCall, ResponseListener } from '../call/client-call.js';
import { localOutcome } from '../chain/local-outcome.js';
import { CallError, failedStatus } from './call-error.js';

interface Waiting<T> {
  resolve(result: IteratorResult<T>): void;
  reject(error: unknown): void;
}

/** The responses of a stream, pulled one by one: the wire is only read when somebody asks. */
export class StreamResponse<T> implements ResponseListener, AsyncIterableIterator<T> {
  readonly #deserialize: (bytes: Buffer) => T;
  readonly #onHeader: ((header: Metadata) => void) | undefined;
  /** Messages that came for a `next` that had gone; at most those that were asked for. */
  readonly #messages: Buffer[] = [];
  readonly #waiting: Waiting<T>[] = [];
  #call: ClientCall | undefined;
  #clock: Clock | undefined;
  #end: { readonly error?: unknown } | undefined;

  constructor(deserialize: (bytes: Buffer) => T, onHeader: ((header: Metadata) => void) | undefined) {
    this.#deserialize = deserialize;
    this.#onHeader = onHeader;
  }

  /** Ties the response to its call, which is made with it as listener. */
  of(call: ClientCall, clock: Clock): this {
    this.#call = call;
    this.#clock = clock;
    return this;
  }

  onHeaders(metadata: Metadata): void {
    try {
      this.#onHeader?.(metadata);
    } catch (error) {
      this.#call?.stop(
        localOutcome(status.CANCELLED, 'cancelled', 'unknown', `onHeader: ${messageOf(error)}`),
      );
      this.close(error);
    }
  }

  onMessage(message: Buffer): void {
    if (this.#end !== undefined) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#messages.push(message);
    else this.#give(waiting, message);
  }

  /** The call has ended. */
  close(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    const first = this.#waiting.shift();
    if (first !== undefined) this.#giveEnd(first);
    for (const waiting of this.#waiting.splice(0)) waiting.resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<T>> {
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject };
      const message = this.#messages.shift();
      if (message !== undefined) this.#give(waiting, message);
      else if (this.#end !== undefined) this.#giveEnd(waiting);
      else {
        this.#waiting.push(waiting);
        this.#call?.requestRead();
      }
    });
  }

  /** `break` out of the loop: cancels the call, on the wire too. */
  return(): Promise<IteratorResult<T>> {
    this.#call?.stop(abandoned());
    this.#end = {};
    this.#messages.length = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #give(waiting: Waiting<T>, message: Buffer): void {
    let value: T;
    try {
      value = this.#deserialize(message);
    } catch (error) {
      this.#end = {};
      waiting.reject(this.#unreadable(error));
      return;
    }
    waiting.resolve({ done: false, value });
  }

  /** Ends the call for a message that cannot be read. */
  #unreadable(error: unknown): unknown {
    const details = `Response message parsing error: ${messageOf(error)}`;
    const outcome = localOutcome(status.INTERNAL, 'protocol', 'answered', details);
    if (this.#call === undefined || this.#clock === undefined) return error;
    this.#call.stop(outcome);
    return new CallError(failedStatus(this.#call, outcome, this.#clock.now()), { cause: error });
  }

  /** The error is told once; whoever asks again hears that there is no more. */
  #giveEnd(waiting: Waiting<T>): void {
    const end = this.#end;
    this.#end = {};
    if (end !== undefined && 'error' in end) waiting.reject(end.error);
    else waiting.resolve({ done: true, value: undefined });
  }
}

function abandoned(): Outcome {
  return localOutcome(status.CANCELLED, 'cancelled', 'unknown', 'the caller stopped reading');
}
