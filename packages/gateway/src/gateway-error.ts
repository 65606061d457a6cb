import { status } from '@grpc/grpc-js';
import { statusName } from '@micromesh/core';
import type { FailureLog, InsideWords } from './failure-log.js';
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
const GATEWAY_FAILED = 'the gateway failed';

/** What a client is told of an error. */
export interface ErrorAnswer {
  readonly httpStatus: number;
  readonly body: ErrorBody;
}

/** What a client is told in place of an answer. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';

  /**
   * @param code - the gRPC status code
   * @param httpStatus - where HTTP says it more exactly; default: the code's
   * @param inside - what operators are told beside it; default: nothing, since the client did wrong, or a server answered
   */
  constructor(
    readonly code: number,
    message: string,
    readonly httpStatus: number = httpStatusOf(code),
    readonly inside?: InsideWords,
  ) {
    super(message);
  }
}

/** A request that cannot be read: 400. */
export function badRequest(message: string): GatewayError {
  return new GatewayError(status.INVALID_ARGUMENT, message);
}

/** An error as an HTTP answer; what a client is not told goes to the log. */
export function errorAnswer(error: unknown, log: FailureLog): ErrorAnswer {
  if (error instanceof GatewayError) {
    if (error.inside !== undefined) log.warn(error.inside);
    return { httpStatus: error.httpStatus, body: errorBody(error.code, error.message) };
  }
  log.error(error);
  const words = log.isKept ? `${GATEWAY_FAILED}; its log says why` : GATEWAY_FAILED;
  return { httpStatus: 500, body: errorBody(status.INTERNAL, words) };
}

/** The body of an error. */
export function errorBody(code: number, message: string): ErrorBody {
  return { code, status: statusName(code), message };
}
