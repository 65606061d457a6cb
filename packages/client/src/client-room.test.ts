import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { TestWorld } from './testing/index.js';

describe('a closed mesh', () => {
  it('ends its calls, and says which may have been handled', async () => {
    const world = new TestWorld();
    const waiting = world.call(world.caller());
    world.room.close();
    expect(await waiting.outcome).toMatchObject({
      code: status.UNAVAILABLE,
      reason: 'closed',
      delivery: 'unsent',
    });

    const another = new TestWorld();
    await another.nodes('a');
    another.transport.node('a').script = () => ({ kind: 'silence' });
    const sent = another.call(another.caller());
    await another.clock.settle();
    another.room.close();
    expect(await sent.outcome).toMatchObject({ reason: 'closed', delivery: 'unknown' });
    expect(another.clock.pendingTimers).toBe(0);
  });

  it('takes no further call, and makes no further client, whose watch would never end', async () => {
    const world = new TestWorld();
    const caller = world.caller();
    world.room.close();
    expect(await world.call(caller).outcome).toMatchObject({ reason: 'closed', delivery: 'unsent' });
    expect(() => world.caller()).toThrow('the mesh was closed');
  });
});
