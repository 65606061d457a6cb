import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { httpStatusOf } from './http-status.js';

describe('httpStatusOf', () => {
  it('has a status for every gRPC code', () => {
    const codes = Object.values(status).filter((code) => typeof code === 'number');
    expect(Object.fromEntries(codes.map((code) => [status[code], httpStatusOf(code)]))).toEqual({
      OK: 200,
      CANCELLED: 499,
      UNKNOWN: 500,
      INVALID_ARGUMENT: 400,
      DEADLINE_EXCEEDED: 504,
      NOT_FOUND: 404,
      ALREADY_EXISTS: 409,
      PERMISSION_DENIED: 403,
      UNAUTHENTICATED: 401,
      RESOURCE_EXHAUSTED: 429,
      FAILED_PRECONDITION: 400,
      ABORTED: 409,
      OUT_OF_RANGE: 400,
      UNIMPLEMENTED: 501,
      INTERNAL: 500,
      UNAVAILABLE: 503,
      DATA_LOSS: 500,
    });
  });

  it('takes a code that gRPC does not know for an error', () => {
    expect(httpStatusOf(77)).toBe(500);
  });
});
