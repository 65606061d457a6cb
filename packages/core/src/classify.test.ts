import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { classify } from './classify.js';
import type { Outcome, Reason } from './outcome.js';

function remote(code: number): Outcome {
  return {
    code,
    details: '',
    trailers: new Metadata(),
    origin: 'remote',
    delivery: 'answered',
    reason: 'none',
  };
}

function local(code: number, reason: Reason): Outcome {
  return { code, details: '', trailers: new Metadata(), origin: 'local', delivery: 'unknown', reason };
}

describe('what an outcome means', () => {
  it.each([
    ['a business code says nothing of the node', remote(status.NOT_FOUND), 'failed', 'nobody'],
    ['an uncaught error of a handler is no retry', remote(status.UNKNOWN), 'failed', 'nobody'],
    ["INTERNAL is worth a retry and not the node's fault", remote(status.INTERNAL), 'retryable', 'nobody'],
    [
      'UNAVAILABLE that a healthy node passes on blames nobody',
      remote(status.UNAVAILABLE),
      'retryable',
      'nobody',
    ],
    ["a refused connection is the node's", local(status.UNAVAILABLE, 'connect'), 'retryable', 'node'],
    ["a broken connection is the node's", local(status.UNAVAILABLE, 'dropped'), 'retryable', 'node'],
    ["silence is the node's", local(status.UNAVAILABLE, 'silent'), 'retryable', 'node'],
    [
      "an attempt that took too long is the node's",
      local(status.DEADLINE_EXCEEDED, 'attemptTimeout'),
      'retryable',
      'node',
    ],
    [
      "the call's own deadline blames nobody",
      local(status.DEADLINE_EXCEEDED, 'deadline'),
      'failed',
      'nobody',
    ],
    [
      'a cancellation is ignored, whatever its code',
      local(status.UNAVAILABLE, 'cancelled'),
      'ignored',
      'nobody',
    ],
    ['a lost race is ignored', local(status.CANCELLED, 'superseded'), 'ignored', 'nobody'],
    ['what the mesh refuses blames nobody', local(status.UNAVAILABLE, 'noNode'), 'failed', 'nobody'],
    ["what an operator's fault ends blames nobody", local(status.UNAVAILABLE, 'fault'), 'failed', 'nobody'],
    ['success is success', remote(status.OK), 'ok', 'nobody'],
  ] as const)('%s', (_, outcome, verdict, blame) => {
    expect(classify(outcome)).toEqual({ verdict, blame });
  });
});
