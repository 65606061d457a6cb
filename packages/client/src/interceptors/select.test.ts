import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { TestWorld, testNode } from '../testing/index.js';

const HELLO = { name: 'hello' };

describe('selection', () => {
  it('fails at once for a service that the registry knows to be empty', async () => {
    const world = new TestWorld();
    world.registry.show(HELLO, []);
    const { outcome } = world.call(world.caller());
    expect(await outcome).toMatchObject({ code: status.UNAVAILABLE, reason: 'noNode', delivery: 'unsent' });
    expect((await outcome).details).toBe(
      "no node of hello is registered at scripted; start one, or check the service's name",
    );
  });

  it('waits up to the deadline where the registry has not spoken, and says so', async () => {
    const world = new TestWorld();
    world.registry.tell(HELLO, { kind: 'unknown', error: 'connect ECONNREFUSED 127.0.0.1:8500' });
    const { outcome } = world.call(world.caller({ timeoutMs: 300 }));
    await world.clock.advance(300);
    expect(await outcome).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: 'registryUnknown' });
    expect((await outcome).details).toContain(
      "waiting for the registry's word on service hello (connect ECONNREFUSED 127.0.0.1:8500)",
    );
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('goes on as soon as the registry speaks', async () => {
    const world = new TestWorld();
    const { outcome } = world.call(world.caller());
    await world.clock.advance(200);
    await world.nodes('a');
    expect((await outcome).code).toBe(status.OK);
  });

  it('begins to wait for a connection when the registry has spoken, not before', async () => {
    const world = new TestWorld();
    world.transport.node('a').goDown();
    const { outcome } = world.call(world.caller());
    await world.clock.advance(4000);
    await world.nodes('a');
    await world.clock.advance(200);
    world.transport.node('a').comeBack();
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
  });

  it('waits half of its time for a node that comes back, then names each node and its cause', async () => {
    const world = new TestWorld();
    await world.nodes('a');
    world.transport.node('a').goDown();
    const back = world.call(world.caller());
    await world.clock.advance(2400);
    world.transport.node('a').comeBack();
    await world.clock.settle();
    expect((await back.outcome).code).toBe(status.OK);
    world.transport.node('a').goDown();
    const { outcome } = world.call(world.caller());
    await world.clock.advance(2500);
    expect(await outcome).toMatchObject({ code: status.UNAVAILABLE, reason: 'noNode' });
    expect((await outcome).details).toBe('no node of hello is connected: a unix:/a connect ECONNREFUSED');
  });

  it('waits a second at least, and 2.5 s at most', async () => {
    const world = new TestWorld();
    await world.nodes('a');
    world.transport.node('a').goDown();
    for (const [timeoutMs, waitMs] of [
      [1200, 1000],
      [3000, 1500],
      [60_000, 2500],
      [Number.POSITIVE_INFINITY, 2500],
    ] as const) {
      const began = world.clock.now();
      const { outcome } = world.call(world.caller({ timeoutMs }));
      await world.clock.advance(waitMs - 1);
      expect(await Promise.race([outcome, 'waits'])).toBe('waits');
      await world.clock.advance(1);
      expect(await outcome).toMatchObject({ reason: 'noNode', delivery: 'unsent' });
      expect(world.clock.now() - began).toBe(waitMs);
    }
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('waits to the deadline with waitForReady', async () => {
    const world = new TestWorld();
    await world.nodes('a');
    world.transport.node('a').goDown();
    const { outcome } = world.call(world.caller(), { waitForReady: true });
    await world.clock.advance(4000);
    world.transport.node('a').comeBack();
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
  });

  it('takes only nodes that match the filter, and names the filter that fits none', async () => {
    const world = new TestWorld();
    world.registry.show(HELLO, [testNode('a'), testNode('b', { version: '2', labels: { canary: 'yes' } })]);
    await world.clock.settle();
    const caller = world.caller({ filter: { version: '2' } });
    for (let index = 0; index < 5; index++) world.call(caller);
    await world.clock.settle();
    expect(world.path).toEqual(['b', 'b', 'b', 'b', 'b']);
    const { outcome } = world.call(caller, { filter: { labels: { canary: 'no' } } });
    expect((await outcome).details).toContain('no node of hello matches version 2, canary=no: 2 registered');
  });

  it('keeps a hash key on its node, and moves it to the same next one when that has gone', async () => {
    const world = new TestWorld();
    await world.nodes('a', 'b', 'c', 'd');
    const caller = world.caller();
    const nodeOf = async (hashKey: string) => {
      world.call(caller, { hashKey });
      await world.clock.settle();
      return world.path[world.path.length - 1];
    };
    const owner = await nodeOf('u-1');
    for (let index = 0; index < 5; index++) expect(await nodeOf('u-1')).toBe(owner);
    world.transport.node(owner ?? '').goDown();
    const next = await nodeOf('u-1');
    expect(next).not.toBe(owner);
    for (let index = 0; index < 5; index++) expect(await nodeOf('u-1')).toBe(next);
    world.transport.node(owner ?? '').comeBack();
    expect(await nodeOf('u-1')).toBe(owner);
  });

  it('keeps using nodes that still answer when the registry has forgotten all of them', async () => {
    const world = new TestWorld();
    const caller = world.caller();
    await world.nodes('a', 'b');
    world.registry.show(HELLO, []);
    const { outcome } = world.call(caller);
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    world.transport.node('a').goDown();
    world.transport.node('b').goDown();
    await world.clock.settle();
    expect((await world.call(caller).outcome).reason).toBe('noNode');
  });

  it('keeps using nodes that a registry has not got back yet after an outage', async () => {
    const world = new TestWorld();
    const caller = world.caller({ strategy: 'round-robin' });
    await world.nodes('a', 'b');
    const snapshot = { service: HELLO, nodes: [testNode('a'), testNode('b')] };
    world.registry.tell(HELLO, { kind: 'stale', snapshot, error: 'connect ECONNREFUSED' });
    world.registry.show(HELLO, [testNode('a')]);
    for (let index = 0; index < 4; index++) world.call(caller);
    await world.clock.settle();
    expect([...world.path].sort()).toEqual(['a', 'a', 'b', 'b']);
  });

  it('gives up on nodes that the registry has forgotten for a minute', async () => {
    const world = new TestWorld();
    const caller = world.caller();
    await world.nodes('a');
    world.registry.show(HELLO, []);
    expect((await world.call(caller).outcome).code).toBe(status.OK);
    await world.clock.advance(60_000);
    expect((await world.call(caller).outcome).reason).toBe('noNode');
  });

  it('sends no new call to a node that has left, and lets its last call end', async () => {
    const world = new TestWorld();
    await world.nodes('a', 'b');
    world.transport.node('a').script = () => ({ kind: 'answer', messages: [Buffer.from('x')], afterMs: 500 });
    const caller = world.caller({ strategy: 'round-robin' });
    const { outcome } = world.call(caller);
    await world.clock.settle();
    world.registry.show(HELLO, [testNode('b')]);
    for (let index = 0; index < 3; index++) world.call(caller);
    await world.clock.advance(500);
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['a', 'b', 'b', 'b']);
  });
});
