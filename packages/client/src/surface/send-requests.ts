import { status } from '@grpc/grpc-js';
import { messageOf } from '@micromesh/core';
import type { ClientCall } from '../call/client-call.js';
import { localOutcome } from '../chain/local-outcome.js';
import type { Requests } from './typed-client-types.js';

/**
 * Sends what `requests` yields, the next one when the one before was written. Ends with the iterable, or with the call;
 * what the iterable throws cancels the call.
 *
 * @returns what the iterable threw, if it did.
 */
export async function sendRequests<Request>(
  call: ClientCall,
  requests: Requests<Request>,
  serialize: (request: Request) => Buffer,
  ended: Promise<unknown>,
): Promise<{ readonly error: unknown } | undefined> {
  let over = false;
  const end = ended.then(() => {
    over = true;
    return null;
  });
  const iterator = iterate(requests);
  try {
    for (;;) {
      const result = await Promise.race([iterator.next(), end]);
      if (result === null) break;
      if (result.done === true) {
        call.endMessages();
        return undefined;
      }
      const bytes = serialize(result.value);
      const written = new Promise<void>((resolve) => {
        call.pushMessage({ bytes, flags: 0, written: resolve });
      });
      await Promise.race([written, end]);
      if (over) break;
    }
  } catch (error) {
    call.stop(
      localOutcome(status.CANCELLED, 'cancelled', 'unknown', `the requests failed: ${messageOf(error)}`),
    );
    return { error };
  }
  // Nobody waits for the source's clean-up: it may hang on whatever it was reading.
  Promise.resolve(iterator.return?.()).catch(() => undefined);
  return undefined;
}

function iterate<T>(items: Requests<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}
