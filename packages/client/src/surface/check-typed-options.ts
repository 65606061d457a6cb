import { ConfigError, checkInteger, checkNumber, checkOptionNames } from '@micromesh/core';
import { CALL_OPTION_NAMES } from '../call/call-options.js';
import type { TypedCallOptions } from './typed-client-types.js';

const NAMES = [...CALL_OPTION_NAMES, 'onHeader', 'onTrailer'];

/**
 * Refuses options of a call that cannot be. A time that is over is none of them: it was right a moment ago.
 *
 * @param what - the method, for the message: `hello.v1.Hello.anything`
 * @throws ConfigError naming the option, its value and the fix.
 */
export function checkTypedOptions(what: string, options: TypedCallOptions): void {
  checkOptionNames(what, options, NAMES);
  const { timeoutMs, retries, attemptTimeoutMs, signal, metadata } = options;
  if (timeoutMs !== undefined && (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs))) {
    throw new ConfigError(
      `${what}.timeoutMs`,
      timeoutMs,
      'is no time',
      'give milliseconds; Infinity means none',
    );
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw new ConfigError(`${what}.signal`, signal, 'is no AbortSignal', 'give one');
  }
  if (metadata !== undefined && typeof metadata?.getMap !== 'function') {
    throw new ConfigError(`${what}.metadata`, metadata, 'is no Metadata', 'give one of @grpc/grpc-js');
  }
  if (retries !== undefined) checkInteger(`${what}.retries`, retries, 0, 100);
  if (attemptTimeoutMs !== undefined) checkNumber(`${what}.attemptTimeoutMs`, attemptTimeoutMs, 1);
}
