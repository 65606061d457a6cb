import { Metadata, status } from '@grpc/grpc-js';
import { events } from '@micromesh/core';
import { EventLog } from '@micromesh/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { testNode } from '../testing/index.js';
import { CLIENT, HELLO, helloTraffic, outlier, ROUND, worldUnder } from '../testing/ruled-world.js';
import { helloRules } from '../testing/test-policies.js';

const news = new EventLog(events.node);
afterEach(() => news.stop());

/** What was published of nodes: `a ejected`. */
function said(): readonly string[] {
  return news.events.map(({ nodeId, state }) => `${nodeId} ${state}`);
}

/** A world of `a`, which is out after one error, and `b`. */
async function worldWithAOut(maxEjectionPercent: number) {
  const rule = outlier(`consecutive5xxErrors: 1, maxEjectionPercent: ${maxEjectionPercent}`);
  const { world, caller } = await worldUnder(rule, ['a', 'b']);
  world.fail(status.INTERNAL, 'a');
  await world.calls(2, caller);
  expect(world.out).toBe('a');
  return { world, caller };
}

describe('outlier detection', () => {
  it.each([
    ['in trailers', 'serverStream' as const],
    ['in headers', 'unary' as const],
  ])('counts a status that arrives %s', async (_, kind) => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 2, maxEjectionPercent: 100'), [
      'a',
      'b',
    ]);
    world.transport.node('a').accept = (incoming) => ({
      onRequests() {
        if (!incoming.halfClosed) return;
        if (kind === 'serverStream') incoming.sendMessage(Buffer.from('part'));
        incoming.sendStatus(status.DATA_LOSS, 'broken', new Metadata());
      },
      onDrained() {},
      onGone() {},
    });
    for (let count = 0; count < 4; count++) {
      const { outcome } = world.call(caller, {}, kind);
      await world.clock.settle();
      await outcome;
    }
    expect(world.out).toBe('a');
  });

  it('counts lost connections and time-outs for itself where they are split', async () => {
    const rule =
      'splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 2, consecutive5xxErrors: 1, maxEjectionPercent: 100';
    const { world, caller } = await worldUnder(outlier(rule), ['a', 'b']);
    world.transport.node('a').script = () => ({ kind: 'silence' });
    const outAfter: string[] = [];
    for (let count = 0; count < 3; count++) {
      const { outcome } = world.call(caller, { timeoutMs: 100 });
      await world.clock.advance(100);
      await outcome;
      outAfter.push(world.out);
    }
    expect([world.path.join(''), outAfter]).toEqual(['aba', ['', '', 'a']]);
    expect(world.room.report()[0]?.nodes[0]?.cause).toMatch(/2 attempts in a row without an answer/);
  });

  it('is in the place of micromesh own, which counts nothing of these calls', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 0'));
    world.transport.node('a').script = () => ({ kind: 'drop' });
    await world.calls(50 * ROUND, caller);
    expect(world.out).toBe('');
    world.policies.set(helloRules('{ route: [{ destination: { host: hello } }] }'));
    await world.calls(10 * ROUND, caller);
    expect(world.out).toBe('a');
  });

  it('leaves alone who is called without it, and what is down is down to all', async () => {
    const { world, caller } = await worldWithAOut(100);
    world.transport.node('b').goDown();
    await world.clock.settle();
    // An ejected node is better than one that cannot be reached.
    expect(await world.calls(2, caller)).toBe('aa');
    expect(world.room.report()[0]?.nodes.map(({ state }) => state)).toEqual(['ejected', 'down']);
    news.start();
    world.transport.node('a').goDown();
    world.transport.node('a').comeBack();
    await world.clock.settle();
    expect(said()).toEqual(['a down', 'a ejected']);
  });

  it('is told of by events: when a node goes, and when it is back', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 1, maxEjectionPercent: 20'));
    news.start();
    world.fail(status.INTERNAL, 'a');
    await world.calls(ROUND, caller);
    await world.clock.advance(30_000);
    expect(said()).toEqual(['a ejected', 'a ready']);
    expect(news.events.map(({ cause }) => cause)).toEqual([
      'ejected from hello for 30000 ms: 1 error (outlierDetection.consecutive5xxErrors)',
      '',
    ]);
  });

  it('is kept across versions that leave it as it was, and begins anew with one that does not', async () => {
    const rule = 'consecutive5xxErrors: 2, maxEjectionPercent: 20';
    const { world, caller } = await worldUnder(outlier(rule));
    world.fail(status.INTERNAL, 'a');
    await world.calls(ROUND, caller);
    world.policies.set(
      `# a line more\n${helloRules('{ timeout: 1s, route: [{ destination: { host: hello } }] }')}${outlier(rule)}`,
    );
    await world.calls(ROUND, caller);
    expect(world.out).toBe('a');
    world.policies.set(outlier(`${rule}, interval: 1s`));
    expect(world.out).toBe('');
    await world.calls(2 * ROUND, caller);
    expect(world.out).toBe('a');
  });

  it('ends with the rule, without a call or a sweep', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 1, maxEjectionPercent: 20'));
    world.fail(status.INTERNAL, 'a');
    await world.calls(ROUND, caller);
    news.start();
    world.policies.set(helloRules('{ route: [{ destination: { host: hello } }] }'));
    expect(world.out).toBe('');
    expect(said()).toEqual(['a ready']);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('begins anew with a node that registers anew', async () => {
    const { world } = await worldWithAOut(50);
    await world.nodes('b', 'c');
    await world.nodes('a', 'b');
    expect(world.out).toBe('');
  });

  it('is of each subset by itself, and its share is of that', async () => {
    const { world, caller } = await worldUnder(
      helloRules('{ route: [{ destination: { host: hello, subset: v1 } }] }') +
        helloTraffic(
          'outlierDetection: { consecutive5xxErrors: 1, maxEjectionPercent: 50 }',
          '{ name: v1, labels: { version: "1" } }',
        ),
    );
    const versions = { a: '1', b: '1', c: '2', d: '2', e: '2' };
    world.registry.show(
      HELLO,
      Object.entries(versions).map(([id, version]) => testNode(id, { version })),
    );
    world.fail(status.INTERNAL, 'a', 'b');
    await world.calls(10, caller);
    expect(world.out).toBe('a');
    expect(world.room.report()[0]?.nodes[0]?.cause).toMatch(/^ejected from hello subset v1 for/);
  });

  it('is shared by all clients', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 2, maxEjectionPercent: 20'));
    world.fail(status.INTERNAL, 'a');
    await world.calls(ROUND, caller);
    await world.calls(ROUND, world.caller({ ...CLIENT, timeoutMs: 2000 }));
    expect(world.out).toBe('a');
  });

  it('leaves no timer once all is forgiven', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 1, maxEjectionPercent: 20'));
    world.fail(status.INTERNAL, 'a');
    await world.calls(ROUND, caller);
    expect(world.clock.pendingTimers).toBe(1);
    await world.clock.advance(40_000);
    expect(world.clock.pendingTimers).toBe(0);
  });
});
