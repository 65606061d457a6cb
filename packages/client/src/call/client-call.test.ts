import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { TestWorld } from '../testing/index.js';

const METHOD = {
  path: '/hello.v1.Hello/Anything',
  service: 'hello.v1.Hello',
  name: 'Anything',
  kind: 'unary',
  idempotency: 'unknown',
} as const;

describe('the metadata of a call', () => {
  it('goes to every attempt, and leaves what its caller gave alone', async () => {
    const world = new TestWorld();
    await world.nodes('a', 'b');
    const caller = world.caller();
    const given = new Metadata();
    given.set('x-user', 'u-1');
    const call = caller.newCall(METHOD, given, {}, { onHeaders() {}, onMessage() {} });
    call.metadata.set('x-tenant', 't-1');
    const [first, second] = [call.copyMetadata(), call.copyMetadata()];
    first.set('grpc-timeout', '1m');
    expect(second.getMap()).toEqual({ 'x-user': 'u-1', 'x-tenant': 't-1' });
    expect(given.getMap()).toEqual({ 'x-user': 'u-1' });
  });

  it('is there where its caller gave none', () => {
    const call = new TestWorld().caller().newCall(METHOD, undefined, {}, { onHeaders() {}, onMessage() {} });
    call.metadata.set('x-tenant', 't-1');
    expect(call.copyMetadata().getMap()).toEqual({ 'x-tenant': 't-1' });
  });
});
