import { status } from '@grpc/grpc-js';
import { statusName } from '@micromesh/core';
import { httpStatusOf } from './http-status.js';

/** The JSON body of every answer that is no success. */
export interface ErrorBody {
  /** The gRPC status code. */
  readonly code: number;
  /** Its name: `NOT_FOUND`. */
  readonly status: string;
  readonly message: string;
}

/** All that a client is told of a failure of the gateway itself. */
export const GATEWAY_FAILED = 'the gateway failed; its log says why';

/** A request that the gateway itself refuses. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';

  /**
   * @param code - the gRPC status code
   * @param httpStatus - where HTTP says it more exactly; default: the code's
   */
  constructor(
    readonly code: number,
    message: string,
    readonly httpStatus: number = httpStatusOf(code),
  ) {
    super(message);
  }
}

/** A request that cannot be read: 400. */
export function badRequest(message: string): GatewayError {
  return new GatewayError(status.INVALID_ARGUMENT, message);
}

/** An error as an HTTP answer; undefined for what is neither a gRPC error nor a refusal of the gateway. */
export function errorAnswer(error: unknown): { httpStatus: number; body: ErrorBody } | undefined {
  if (error instanceof GatewayError) {
    return { httpStatus: error.httpStatus, body: errorBody(error.code, error.message) };
  }
  if (isCallFailure(error)) {
    return { httpStatus: httpStatusOf(error.code), body: errorBody(error.code, wordsOf(error)) };
  }
  return undefined;
}

/** The body of an error. */
export function errorBody(code: number, message: string): ErrorBody {
  return { code, status: statusName(code), message };
}

interface CallFailure extends Error {
  readonly code: number;
  readonly details: string;
  /** Why the mesh ended the call; `none` when a server did. */
  readonly reason?: unknown;
}

/** A server's own words; where the mesh gave up, its whole story: `details` alone would be a bare "Deadline exceeded". */
function wordsOf({ code, details, message, reason = 'none' }: CallFailure): string {
  if (reason === 'none') return details;
  const prefix = `${code} ${statusName(code)}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

function isCallFailure(error: unknown): error is CallFailure {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'number' &&
    'details' in error &&
    typeof error.details === 'string'
  );
}
