import type { Metadata } from '@grpc/grpc-js';
import { ConfigError, statusName } from '@micromesh/core';

/**
 * A status that a handler answers with: `throw new RpcError(status.NOT_FOUND, 'no such user')`.
 *
 * Any other error that has a numeric gRPC `code` (a `ServiceError` of a downstream call, for one) becomes that status
 * as well; everything else becomes UNKNOWN with the error's message, and a log line with its stack.
 */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  /** A gRPC status code, 1 to 16. */
  readonly code: number;
  /** What the caller sees as `details`; the same as `message`. */
  readonly details: string;
  /** Sent to the caller as trailers, in addition to `context.trailer`. */
  readonly metadata: Metadata | undefined;

  /**
   * @param code - a gRPC status code, 1 to 16: `status` of grpc-js.
   * @throws ConfigError when the code is none, or OK.
   */
  constructor(code: number, message: string, metadata?: Metadata) {
    super(message);
    if (!isErrorCode(code)) {
      throw new ConfigError('RpcError.code', code, 'is no gRPC error code', 'give a status from 1 to 16');
    }
    this.code = code;
    this.details = message;
    this.metadata = metadata;
  }

  override toString(): string {
    return `${this.name}: ${this.code} ${statusName(this.code)}: ${this.message}`;
  }
}

/** Whether it is the number of a gRPC status other than OK. */
export function isErrorCode(code: unknown): code is number {
  return typeof code === 'number' && Number.isInteger(code) && code >= 1 && code <= 16;
}
