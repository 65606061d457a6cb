import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { outlier, ROUND, worldUnder } from '../testing/ruled-world.js';

/**
 * Sources: envoyproxy/envoy source/common/upstream/outlier_detection_impl.cc at 00c7146 (putHttpResponseCode, ejectHost, checkHostForUneject,
 * onIntervalTimer) and docs/root/intro/arch_overview/upstream/outlier.rst; istio/api networking/v1alpha3/destination_rule.proto at b8f8791.
 */
describe('with one of five nodes failing', () => {
  const RULE = 'consecutive5xxErrors: 3, interval: 10s, baseEjectionTime: 30s, maxEjectionPercent: 20';

  /** Since when the node is out, and from which sweep on it is in again; it fails all the time. */
  const STEPS: readonly { readonly at: number; readonly lengthS: number; readonly backAt: number }[] = [
    // base_ejection_time x 1, of 30 s
    { at: 0, lengthS: 30, backAt: 30 },
    // x 2: "for longer and longer periods if they continue to fail"
    { at: 30, lengthS: 60, backAt: 90 },
    { at: 90, lengthS: 90, backAt: 180 },
    { at: 180, lengthS: 120, backAt: 300 },
    { at: 300, lengthS: 150, backAt: 450 },
    { at: 450, lengthS: 180, backAt: 630 },
    { at: 630, lengthS: 210, backAt: 840 },
    { at: 840, lengthS: 240, backAt: 1080 },
    { at: 1080, lengthS: 270, backAt: 1350 },
    { at: 1350, lengthS: 300, backAt: 1650 },
    // max_ejection_time: max(300 s, base_ejection_time)
    { at: 1650, lengthS: 300, backAt: 1950 },
  ];

  it('it goes after exactly consecutive5xxErrors, and for longer each time', async () => {
    const { world, caller } = await worldUnder(outlier(RULE));
    const { clock } = world;
    world.fail(status.UNAVAILABLE, 'a');
    for (const { at, lengthS, backAt } of STEPS) {
      expect([clock.now() / 1000, world.out]).toEqual([at, '']);
      const path = await world.calls(20 * ROUND, caller);
      expect(path.replaceAll(/[^a]/g, '')).toBe('aaa');
      const [report] = world.room.report()[0]?.nodes ?? [];
      expect(report).toMatchObject({
        id: 'a',
        state: 'ejected',
        untilMs: clock.wallNow() + (backAt - at) * 1000,
      });
      expect(report?.cause).toBe(
        `ejected from hello for ${lengthS * 1000} ms: 3 errors in a row (outlierDetection.consecutive5xxErrors)`,
      );
      await clock.advance((backAt - at) * 1000 - 1);
      expect(world.out).toBe('a');
      await clock.advance(1);
    }
    // In use for a whole interval, again and again: one step less at each sweep, from 11 ejections in a row to 3.
    world.fail(undefined, 'a');
    await clock.advance(80_000);
    world.fail(status.UNAVAILABLE, 'a');
    await world.calls(3 * ROUND, caller);
    expect(world.room.report()[0]?.nodes[0]?.cause).toContain('for 120000 ms');
    world.room.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('fewer failures, or an answer between them, change nothing', async () => {
    const { world, caller } = await worldUnder(outlier(RULE));
    for (let round = 0; round < 5; round++) {
      world.fail(status.UNAVAILABLE, 'a');
      await world.calls(2 * ROUND, caller);
      world.fail(status.NOT_FOUND, 'a');
      await world.calls(ROUND, caller);
    }
    expect(world.out).toBe('');
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('maxEjectionPercent is kept: a second one stays in as long as the first is out', async () => {
    const { world, caller } = await worldUnder(outlier(RULE));
    world.fail(status.INTERNAL, 'a', 'b');
    await world.calls(20 * ROUND, caller);
    expect(world.out).toBe('a');
    expect(await world.calls(4, caller)).toContain('b');
    await world.clock.advance(30_000);
    world.fail(undefined, 'a');
    await world.calls(3 * ROUND, caller);
    expect(world.out).toBe('b');
  });

  it('one of five is more than the 10 % that Istio leaves, and nobody goes', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 3'));
    world.fail(status.INTERNAL, 'a');
    await world.calls(20 * ROUND, caller);
    expect(world.out).toBe('');
  });

  it('minHealthPercent is kept: with fewer healthy nodes ejections are not heeded', async () => {
    const text = (percent: number) =>
      outlier(`consecutive5xxErrors: 3, maxEjectionPercent: 100, minHealthPercent: ${percent}`);
    const { world, caller } = await worldUnder(text(60));
    world.fail(status.INTERNAL, 'a', 'b');
    await world.calls(6 * ROUND, caller);
    expect(world.out).toBe('ab');
    // Three of five are healthy.
    expect(new Set(await world.calls(12, caller))).toEqual(new Set('cde'));
    world.fail(status.INTERNAL, 'c');
    await world.calls(9, caller);
    expect(world.out).toBe('abc');
    expect(new Set(await world.calls(12, caller))).toEqual(new Set('abcde'));
  });
});

describe('what an operator does by hand', () => {
  it('is above all: a node that was taken out stays out when its ejection ends', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 1, maxEjectionPercent: 20'));
    const [service] = world.room.services;
    const node = [...(service?.nodes.handles ?? [])].find(({ node: { id } }) => id === 'a');
    const untilMs = world.clock.wallNow() + 3_600_000;
    node?.intervene({ nodeId: 'a', who: 'anna', why: 'disk', atMs: world.clock.wallNow(), untilMs });
    world.fail(status.INTERNAL, 'a');
    expect(await world.calls(2 * ROUND, caller)).not.toContain('a');
    expect(world.room.report()[0]?.nodes[0]).toMatchObject({ state: 'ejected', untilMs });
    node?.intervene(undefined);
    expect(await world.calls(2 * ROUND, caller)).toContain('a');
    expect(world.out).toBe('a');
  });
});
