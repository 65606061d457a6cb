import { Metadata, status } from '@grpc/grpc-js';
import { DIRECT_RESPONSE, MESH_REASON, statusName } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { callError } from './call-failure.js';

const PATH = '/hello.v1.Hello/Anything';
const SECRET = 'hello-1x7 127.0.0.1:50051 of VirtualService shop/hello at consul 10.0.0.1:8500';

/** @param said - with which a server passes on the failure of a call of its own. */
function failure(code: number, reason?: string, said?: string): Error {
  const message = `${code} ${statusName(code)}: ${SECRET}`;
  const metadata = new Metadata();
  if (said !== undefined) metadata.set(MESH_REASON, said);
  return Object.assign(new Error(message), { code, details: SECRET, metadata, ...(reason && { reason }) });
}

const codes = Object.values(status).filter((code): code is status => typeof code === 'number' && code > 0);

describe('callError', () => {
  it.each(codes)('tells clients the status %i without the words of the mesh, and operators all', (code) => {
    const error = callError(failure(code, 'route'), PATH);
    expect(error).toMatchObject({
      code,
      inside: {
        reason: 'route',
        status: statusName(code),
        subject: PATH,
        message: expect.stringContaining(SECRET),
      },
    });
    expect(error).toHaveProperty('message', expect.stringMatching(/^(the|there) [a-z ;']+$/));
  });

  it.each(['none', undefined])(
    'passes on what a server said (reason %s), and tells operators nothing',
    (reason) => {
      const error = callError(failure(status.UNAVAILABLE, reason), PATH);
      expect(error).toMatchObject({ code: status.UNAVAILABLE, message: SECRET, inside: undefined });
    },
  );

  it.each(codes)('takes what a server passes on of the mesh for words of the mesh (%i)', (code) => {
    expect(callError(failure(code, 'none', 'noNode'), PATH)).toMatchObject({
      message: expect.stringMatching(/^(the|there) [a-z ;']+$/),
      inside: {
        reason: 'noNode',
        status: statusName(code),
        subject: PATH,
        message: expect.stringContaining(SECRET),
      },
    });
  });

  it.each(['none', 'route'])("passes on an operator's words for clients (reason %s)", (reason) => {
    const error = callError(failure(status.UNAVAILABLE, reason, DIRECT_RESPONSE), PATH);
    expect(error).toMatchObject({ code: status.UNAVAILABLE, message: SECRET, inside: undefined });
  });

  it('tells operators of a call that a server cancelled', () => {
    const error = callError(failure(status.CANCELLED, 'none', 'cancelled'), PATH);
    expect(error).toMatchObject({ inside: { reason: 'cancelled' } });
  });

  it('does not log clients that go', () => {
    const error = callError(failure(status.CANCELLED, 'cancelled'), PATH);
    expect(error).toMatchObject({ message: 'the request was cancelled', inside: undefined });
  });

  it.each([
    [status.UNAVAILABLE, 'the service cannot be reached now; try again later'],
    // `No message received`, and HTTP's 404 of a proxy.
    [status.UNIMPLEMENTED, 'the call failed'],
    [status.RESOURCE_EXHAUSTED, 'the call failed'],
  ])('promises nothing by the code %i of what is no gRPC', (code, message) => {
    expect(callError(failure(code, 'protocol'), PATH)).toHaveProperty('message', message);
  });

  it('gives back what is no failure of a call', () => {
    const error = new TypeError('of a programmer');
    expect(callError(error, PATH)).toBe(error);
  });
});
