import { status } from '@grpc/grpc-js';
import type { ServiceNode } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { ROUND_ROBIN, worldWith } from '../testing/failing-nodes.js';
import { TestWorld } from '../testing/index.js';
import type { Connection, ConnectionState, Transport } from '../transport/transport.js';

describe('a slow attempt of an idempotent method', () => {
  it('gets company on another node when its share of the time is over, and the first answer wins', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = () => ({ kind: 'answer', messages: [Buffer.from('a')], afterMs: 600 });
    world.transport.node('b').script = () => ({ kind: 'answer', messages: [Buffer.from('b')], afterMs: 600 });
    const { outcome, messages } = world.call(
      world.caller({ ...ROUND_ROBIN, idempotent: true, timeoutMs: 1000 }),
    );
    await world.clock.advance(499);
    expect(world.path).toEqual(['a']);
    await world.clock.advance(1);
    expect(world.path).toEqual(['a', 'b']);
    await world.clock.advance(100);
    expect((await outcome).code).toBe(status.OK);
    expect(messages.map(String)).toEqual(['a']);
    expect(world.transport.attempts[1]?.cancelled).toBe(true);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('is answered from beside a frozen node after half of the deadline', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').freeze();
    const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, idempotent: true, timeoutMs: 1000 }));
    await world.clock.advance(500);
    expect((await outcome).code).toBe(status.OK);
    expect(world.clock.now()).toBe(500);
  });

  /** Node `b` is registered, and connects only when the test says so. */
  async function worldWithLateNode() {
    let connect: () => void = () => {};
    const late = (
      node: ServiceNode,
      onState: (state: ConnectionState, cause: string) => void,
    ): Connection => {
      let real: Connection | undefined;
      connect = () => {
        real = world.transport.connect(node, onState);
      };
      return {
        get state() {
          return real?.state ?? 'connecting';
        },
        call(request, listener) {
          if (real === undefined) throw new Error('b is not connected');
          return real.call(request, listener);
        },
        close: () => real?.close(),
      };
    };
    const transport: Transport = {
      secure: false,
      connect: (node, onState) =>
        node.id === 'b' ? late(node, onState) : world.transport.connect(node, onState),
    };
    const world: TestWorld = new TestWorld(1, { transport: () => transport });
    await world.nodes('a', 'b');
    return { world, connect: () => connect() };
  }

  it('that waits for a node when another has the answer does not begin', async () => {
    for (const kind of ['unary', 'serverStream'] as const) {
      const { world, connect } = await worldWithLateNode();
      world.transport.node('a').script = () => ({
        kind: 'answer',
        messages: [Buffer.from('a')],
        afterMs: 700,
      });
      const { outcome } = world.call(
        world.caller({ idempotent: true, waitForReady: true }),
        { timeoutMs: 1000 },
        kind,
      );
      await world.clock.advance(700);
      expect((await outcome).code).toBe(status.OK);
      expect(world.clock.pendingTimers).toBe(0);
      connect();
      await world.clock.settle();
      expect(world.path).toEqual(['a']);
      world.room.close();
    }
  });

  it('is what a deadline ends, also while another waits for a node', async () => {
    const { world } = await worldWithLateNode();
    world.transport.node('a').script = () => ({ kind: 'silence' });
    const { outcome } = world.call(world.caller({ idempotent: true, timeoutMs: 1000 }));
    await world.clock.advance(1000);
    expect(await outcome).toMatchObject({ reason: 'deadline', delivery: 'unknown' });
  });

  it('gets company on a third node where the second turns the request away', async () => {
    const world = await worldWith('a', 'b', 'c');
    world.transport.node('a').script = () => ({ kind: 'silence' });
    world.transport.node('b').script = () => ({ kind: 'refuse' });
    const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, idempotent: true, timeoutMs: 1000 }));
    await world.clock.advance(500);
    expect(world.path).toEqual(['a', 'b', 'c']);
    expect((await outcome).code).toBe(status.OK);
  });
});

describe('an idempotent call on the only node', () => {
  it('is not sent to it twice because it is slow', async () => {
    const world = await worldWith('a');
    world.transport.node('a').script = () => ({ kind: 'answer', messages: [Buffer.from('a')], afterMs: 900 });
    const { outcome } = world.call(world.caller({ idempotent: true, timeoutMs: 1000 }));
    await world.clock.advance(900);
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['a']);
  });
});
