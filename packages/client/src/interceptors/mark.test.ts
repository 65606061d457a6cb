import { status } from '@grpc/grpc-js';
import type { MethodKind } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import type { CallOptions } from '../call/call-options.js';
import { TestWorld } from '../testing/index.js';

const ROUND_ROBIN = { strategy: 'round-robin' } as const;

async function ejectedAfterTen(code: number, countedCodes: readonly number[]): Promise<boolean> {
  const world = new TestWorld(1, { outlier: { countedCodes } });
  await world.nodes('a', 'b', 'c');
  world.transport.node('a').script = () => ({ kind: 'status', code });
  const caller = world.caller(ROUND_ROBIN);
  for (let count = 0; count < 30; count++) {
    world.call(caller);
    await world.clock.settle();
  }
  const handles = [...(world.room.services[0]?.nodes.handles ?? [])];
  world.room.close();
  return handles.some(({ isEjected }) => isEjected);
}

/** Calls a service of three for 2 s before `a` becomes 300 ms slower and 2 s after; whether `a` is ejected then. */
async function ejectedForSlowness(
  options: (count: number) => CallOptions,
  kind: MethodKind,
  code: number = status.OK,
): Promise<boolean> {
  const world = new TestWorld(3);
  await world.nodes('a', 'b', 'c');
  for (const id of ['a', 'b', 'c']) {
    world.transport.node(id).script = ({ at, messages }) => {
      const afterMs = 10 + (id === 'a' && at >= 2000 ? 300 : 0);
      return code === status.OK ? { kind: 'answer', messages, afterMs } : { kind: 'status', code, afterMs };
    };
  }
  const caller = world.caller();
  for (let count = 0; count < 400; count++) {
    world.call(caller, options(count), kind);
    await world.clock.advance(10);
  }
  const handles = [...(world.room.services[0]?.nodes.handles ?? [])];
  world.room.close();
  return handles.some(({ isEjected }) => isEjected);
}

describe('the mark', () => {
  it.each<[boolean, string, CallOptions, MethodKind, number]>([
    [true, 'what takes longer than elsewhere', {}, 'unary', status.OK],
    [true, 'the first message of a stream', {}, 'serverStream', status.OK],
    [true, 'a call of an unknown kind', {}, 'unknown', status.OK],
    [false, 'a call that fails', {}, 'unary', status.NOT_FOUND],
    [false, 'a call that sends a stream', {}, 'clientStream', status.OK],
    [false, 'a call that goes where its filter says', { filter: { version: '1' } }, 'unary', status.OK],
  ])('by latency: %s, for %s', async (ejects, _what, options, kind, code) => {
    expect(await ejectedForSlowness(() => options, kind, code)).toBe(ejects);
  });

  it('by latency leaves a node alone that is back just now, and was given all calls that have waited', async () => {
    const world = new TestWorld(3);
    await world.nodes('a', 'b');
    for (const id of ['a', 'b']) {
      world.transport.node(id).script = ({ at, messages }) => {
        const isBack = id === 'a' && at >= 1500;
        return { kind: 'answer', messages, afterMs: isBack && at < 2500 ? 400 : 10 };
      };
    }
    const caller = world.caller();
    const handles = [...(world.room.services[0]?.nodes.handles ?? [])];
    for (let call = 0; call < 400; call++) {
      if (call === 100) world.transport.node('a').goDown();
      if (call === 150) world.transport.node('a').comeBack();
      world.call(caller);
      await world.clock.advance(10);
      expect(handles.some(({ isEjected }) => isEjected)).toBe(false);
    }
    world.room.close();
  });

  it('for latency is taken off as soon as the others are as slow without the node', async () => {
    const world = new TestWorld(3);
    await world.nodes('a', 'b', 'c');
    let othersMs = 10;
    for (const id of ['a', 'b', 'c']) {
      world.transport.node(id).script = ({ at, messages }) => {
        const afterMs = id === 'a' && at >= 2000 ? 310 : othersMs;
        return { kind: 'answer', messages, afterMs };
      };
    }
    const caller = world.caller();
    const run = async (count: number) => {
      for (let call = 0; call < count; call++) {
        world.call(caller);
        await world.clock.advance(10);
      }
    };
    const isOut = () => [...(world.room.services[0]?.nodes.handles ?? [])].some(({ isEjected }) => isEjected);
    await run(400);
    expect(isOut()).toBe(true);
    othersMs = 200;
    await run(300);
    expect(isOut()).toBe(false);
    world.room.close();
    await world.clock.advance(500);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('is not put on a node for latency where each call goes to a node by its key', async () => {
    expect(await ejectedForSlowness((count) => ({ hashKey: `${count}` }), 'unary')).toBe(false);
  });

  it.each([
    ['is put on a node that lives and lets deadlines pass, where others answer', true, ['a'], 500],
    ['is put on none where all do', false, ['a', 'b', 'c'], 500],
    ['is put on none for a deadline that hardly leaves the others time', false, ['a'], 30],
  ])('by latency %s', async (_what, ejects, hanging, timeoutMs) => {
    const world = new TestWorld(3);
    await world.nodes('a', 'b', 'c');
    for (const id of ['a', 'b', 'c']) {
      world.transport.node(id).script = ({ at, messages }) =>
        at >= 2000 && hanging.includes(id) ? { kind: 'silence' } : { kind: 'answer', messages, afterMs: 10 };
    }
    const caller = world.caller({ timeoutMs });
    for (let count = 0; count < 400; count++) {
      world.call(caller);
      await world.clock.advance(10);
    }
    const handles = [...(world.room.services[0]?.nodes.handles ?? [])];
    world.room.close();
    expect(handles.filter(({ isEjected }) => isEjected).map(({ node }) => node.id)).toEqual(
      ejects ? ['a'] : [],
    );
  });

  it.each([status.INTERNAL, status.UNAVAILABLE, status.RESOURCE_EXHAUSTED, status.NOT_FOUND])(
    'counts a status that a server answers only where the settings say so: %i',
    async (code) => {
      expect(await ejectedAfterTen(code, [])).toBe(false);
      expect(await ejectedAfterTen(code, [code])).toBe(true);
    },
  );

  it('is no praise for a node that errs at once: peak-ewma leaves it', async () => {
    const world = new TestWorld(7);
    await world.nodes('a', 'b');
    world.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    world.transport.node('b').script = ({ messages }) => ({ kind: 'answer', messages, afterMs: 5 });
    const caller = world.caller({ strategy: 'peak-ewma' });
    const first: string[] = [];
    for (let count = 0; count < 100; count++) {
      const from = world.path.length;
      world.call(caller);
      await world.clock.advance(20);
      first.push(world.path[from] ?? '');
    }
    expect(first.slice(20).filter((id) => id === 'a').length).toBeLessThan(5);
    world.room.close();
  });

  it('tells the strategy of each attempt: peak-ewma leaves the slow node', async () => {
    const world = new TestWorld(7);
    await world.nodes('a', 'b');
    world.transport.node('a').script = ({ messages }) => ({ kind: 'answer', messages, afterMs: 100 });
    world.transport.node('b').script = ({ messages }) => ({ kind: 'answer', messages, afterMs: 5 });
    const caller = world.caller({ strategy: 'peak-ewma' });
    for (let count = 0; count < 100; count++) {
      world.call(caller);
      await world.clock.advance(20);
    }
    const toSlow = world.path.slice(20).filter((id) => id === 'a').length;
    expect(toSlow).toBeLessThan(5);
    world.room.close();
  });
});
