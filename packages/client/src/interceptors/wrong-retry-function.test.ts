import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { INTERNAL, ROUND_ROBIN, worldWith } from '../testing/failing-nodes.js';

describe('a retry function from plain JavaScript', () => {
  it('that says nothing says no', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = INTERNAL;
    const nothing: unknown = () => undefined;
    const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, retry: nothing as () => boolean }));
    await world.clock.settle();
    expect((await outcome).code).toBe(status.INTERNAL);
    expect(world.path).toEqual(['a']);
  });

  it.each(['yes', 1, null, {}])(
    'that gives %j, which is no decision, ends the call with that',
    async (given) => {
      const world = await worldWith('a', 'b');
      world.transport.node('a').script = INTERNAL;
      const wrong: unknown = () => given;
      const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, retry: wrong as () => boolean }));
      await world.clock.settle();
      expect(await outcome).toMatchObject({ reason: 'interceptor' });
      expect((await outcome).details).toContain('which is neither true, false nor { afterMs }');
    },
  );

  it('that gives an impossible pause ends the call with that', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = INTERNAL;
    const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, retry: () => ({ afterMs: Number.NaN }) }));
    await world.clock.settle();
    expect(await outcome).toMatchObject({ reason: 'interceptor' });
    expect((await outcome).details).toContain('afterMs NaN');
  });
});
