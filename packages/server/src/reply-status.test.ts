import { Metadata, status } from '@grpc/grpc-js';
import { MESH_REASON } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { replyTo } from './reply-status.js';
import { RpcError } from './rpc-error.js';

/** The error of a call of the handler's own, as the client has it. */
function callError(reason: string, trailers: Readonly<Record<string, string>> = {}): Error {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  const error = new Error('14 UNAVAILABLE: no node of hello is connected');
  return Object.assign(error, {
    name: 'CallError',
    code: status.UNAVAILABLE,
    details: 'no node of hello is connected',
    metadata,
    reason,
  });
}

describe('the answer to what a handler throws', () => {
  it('says why the mesh ended a call of its own, and passes on the words', () => {
    const trailer = new Metadata();
    trailer.set('x-own', 'a');
    const reply = replyTo(callError('noNode', { 'x-theirs': 'b' }), trailer);
    expect(reply).toMatchObject({
      code: status.UNAVAILABLE,
      details: 'no node of hello is connected',
      chosen: true,
    });
    expect(reply.metadata.getMap()).toEqual({ 'x-own': 'a', 'x-theirs': 'b', [MESH_REASON]: 'noNode' });
  });

  it.each(['none', 'route'])('passes on what one further in said (reason %s here)', (reason) => {
    const reply = replyTo(callError(reason, { [MESH_REASON]: 'directResponse' }), undefined);
    expect(reply.metadata.get(MESH_REASON)).toEqual(['directResponse']);
  });

  it.each([
    ['a server further in', callError('none')],
    ['the handler', new RpcError(status.NOT_FOUND, 'no such user')],
    ["a program's own kind of error", Object.assign(new Error('no stock'), { code: 9, reason: 'STOCK' })],
    ['no status', new TypeError('of a programmer')],
  ])('says nothing of words of %s', (_whose, error) => {
    expect(replyTo(error, undefined).metadata.getMap()).toEqual({});
  });
});
