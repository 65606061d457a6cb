import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { TestWorld, testNode } from '../testing/index.js';

describe('a silent node that the registry no longer has', () => {
  it('may answer its last call and the question at once', async () => {
    const world = new TestWorld();
    await world.nodes('a');
    const node = world.transport.node('a');
    node.script = ({ messages }) => ({ kind: 'answer', messages, afterMs: 100 });
    const { outcome } = world.call(world.caller({ timeoutMs: 60_000 }));
    await world.clock.advance(50);
    node.freeze();
    await world.clock.advance(5000);
    world.transport.node('b').goDown();
    world.registry.show({ name: 'hello' }, [testNode('b')]);
    await world.clock.settle();
    expect(world.room.report()[0]?.nodes.map(({ id }) => id)).toEqual(['b']);
    node.thaw();
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    world.room.close();
    expect(world.clock.pendingTimers).toBe(0);
  });
});
