import { ConfigError, functionLike } from '@micromesh/core';
import { CALL_OPTION_CHECKS, callOptionsOf } from '../call/call-option-checks.js';
import type { TypedCallOptions } from './typed-client-types.js';

const checkOptions = callOptionsOf<TypedCallOptions>({
  ...CALL_OPTION_CHECKS,
  onHeader: functionLike('one that takes the header, a Metadata'),
  onTrailer: functionLike('one that takes the trailer, a Metadata'),
});

/**
 * Refuses options of a typed client's call that cannot be.
 *
 * @param what - the method, for the message: `hello.v1.Hello.anything`
 * @throws ConfigError naming the option, its value and the fix.
 */
export function checkTypedOptions(what: string, options: unknown): void {
  if (options === undefined) return;
  if (typeof options === 'function') {
    throw new ConfigError(
      `${what} options`,
      options,
      'is a callback',
      'await the promise, or iterate over the stream, that the method gives',
    );
  }
  checkOptions(what, options);
}
