import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { testNode } from '../testing/index.js';
import { RuledWorld } from '../testing/ruled-world.js';
import { helloRules } from '../testing/test-policies.js';

const OTHER = { name: 'other' };

/** `hello` is mirrored to `other`, whose nodes are ejected after so many errors. */
function mirroredTo(errors: number): string {
  const rule = '{ mirror: { host: other }, route: [{ destination: { host: hello } }] }';
  return `${helloRules(rule)}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: other }
spec: { host: other, trafficPolicy: { outlierDetection: { consecutive5xxErrors: ${errors}, maxEjectionPercent: 50 } } }
---
`;
}

describe('the copy of a call that began under an older version', () => {
  it('leaves what the calls of the version in force share as it is', async () => {
    const world = new RuledWorld(mirroredTo(5));
    world.registry.show(
      OTHER,
      ['o', 'p'].map((id) => testNode(id)),
    );
    await world.nodes('a');
    const hello = world.caller();
    const stream = hello.newCall(
      {
        path: '/hello.v1.Hello/Many',
        service: 'hello.v1.Hello',
        name: 'Many',
        kind: 'clientStream',
        idempotency: 'unknown',
      },
      new Metadata(),
      {},
      { onHeaders() {}, onMessage() {} },
    );
    const outcome = hello.start(stream);
    stream.pushMessage({ bytes: Buffer.from('1'), flags: 0, written: undefined });
    await world.clock.settle();

    world.policies.set(mirroredTo(3));
    const caller = world.room.callerFor(OTHER, { strategy: 'round-robin', retries: 0 });
    await world.clock.settle();
    world.fail(status.UNAVAILABLE, 'p');
    await world.calls(2, caller);
    // Its copy leaves now.
    stream.endMessages();
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(world.path.filter((id) => id === 'o' || id === 'p')).toHaveLength(3);
    await world.calls(8, caller);
    expect(await world.calls(4, caller)).toBe('oooo');
  });
});
