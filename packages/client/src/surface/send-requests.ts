import { setImmediate } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { messageOf } from '@micromesh/core';
import type { ClientCall } from '../call/client-call.js';
import { localOutcome } from '../chain/local-outcome.js';
import type { Requests } from './typed-client-types.js';

/** What made the sending of requests fail. */
export interface SendFailure {
  readonly error: unknown;
}

/**
 * After so many messages the rest of the process gets a turn: grpc-js takes about 1 MiB without one, which can be 100,000
 * messages from a source that is always ready.
 */
const MESSAGES_A_TURN = 100;

type Source<T> = AsyncIterator<T> | Iterator<T>;

/**
 * Sends what `requests` yields, the next one when the one before was written. Ends with the iterable, or with the call;
 * what the iterable throws, or what cannot be written, cancels the call.
 *
 * @returns what failed, if anything did.
 */
export async function sendRequests<Request>(
  call: ClientCall,
  requests: Requests<Request>,
  serialize: (request: Request) => Buffer,
  ended: Promise<unknown>,
): Promise<SendFailure | undefined> {
  const end = new CallEnd(ended);
  let source: Source<Request>;
  let result: IteratorResult<Request> | undefined;
  try {
    source = iterator(requests);
    result = await end.orBefore(source.next());
  } catch (error) {
    return cancel(call, error);
  }
  while (result !== undefined && !end.reached) {
    if (result.done === true) {
      call.endMessages();
      return undefined;
    }
    try {
      await send(call, serialize(result.value));
      if (call.requests.count % MESSAGES_A_TURN === 0) await setImmediate();
    } catch (error) {
      void closeSource(source);
      return cancel(call, error);
    }
    try {
      result = end.reached ? undefined : await end.orBefore(source.next());
    } catch (error) {
      return cancel(call, error);
    }
  }
  void closeSource(source);
  return undefined;
}

/** Resolves when the message was written, or the call is over. */
function send(call: ClientCall, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => call.pushMessage({ bytes, flags: 0, written: resolve }));
}

function cancel(call: ClientCall, error: unknown): SendFailure {
  const details = `the requests failed: ${messageOf(error)}`;
  call.stop(localOutcome(status.CANCELLED, 'cancelled', 'unknown', details));
  return { error };
}

/** @throws TypeError when the requests are none: before there is a call. */
export function requireIterable(requests: unknown): void {
  const iterable = typeof requests === 'object' && requests !== null;
  if (!iterable || !(Symbol.asyncIterator in requests || Symbol.iterator in requests)) {
    throw new TypeError('the requests of a stream cannot be iterated; give an array or an async generator');
  }
}

function iterator<T>(items: Requests<T>): Source<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}

/** Nobody waits for it: it may hang on whatever the source was reading; and the call is settled, whatever it throws. */
async function closeSource(source: Source<unknown>): Promise<void> {
  try {
    await source.return?.();
  } catch {
    // The call has its outcome.
  }
}

/**
 * The end of a call, to wait for beside something else. `Promise.race` would not do: each race stays, with its result,
 * on the promise that does not settle, which for a long stream is all its messages.
 */
class CallEnd {
  reached = false;
  #wake: (() => void) | undefined;

  constructor(ended: Promise<unknown>) {
    void ended.then(() => {
      this.reached = true;
      this.#wake?.();
    });
  }

  /** What `work` gives, or undefined when the call ends before. */
  orBefore<T>(work: T | Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(undefined);
      Promise.resolve(work).then(resolve, reject);
    });
  }
}
