import { status } from '@grpc/grpc-js';
import { describe, expect, it, vi } from 'vitest';
import { withFleet } from './fleet.js';
import { executedTwice, percentile, spread } from './load.js';
import { until } from './until.js';

vi.setConfig({ testTimeout: 180_000 });

const names = (list: readonly string[]) => list.filter((name) => !name.startsWith('warm'));

it('a node that takes 3 s is not punished: one attempt, one execution, success', () =>
  withFleet(async (fleet) => {
    const nodes = [await fleet.start({ kind: 'micromesh' }), await fleet.start({ kind: 'plain' })];
    const hello = await fleet.client();
    // So many that not all of them go to the same node by chance.
    const calls = 40;
    const result = await spread({ calls, perSecond: 100 }, (name) =>
      hello.anything({ name: `${name}, after 3000 ms` }),
    );
    expect(result.failures).toEqual([]);
    expect(result.attempts.map(({ attempt }) => attempt)).toEqual(Array(calls).fill(1));
    expect(new Set(result.attempts.map(({ nodeId }) => nodeId)).size).toBe(2);
    await until(() => names(nodes.flatMap((node) => node.effects)).length === calls, 'all effects');
    expect(names(nodes.flatMap((node) => node.started))).toHaveLength(calls);
  }));

it('a node that becomes 300 ms slower costs slow calls for less than a second', () =>
  withFleet(async (fleet) => {
    const nodes = await fleet.startMany(3, { workMs: 10 });
    const hello = await fleet.client();
    const slowFromMs = 2000;
    const result = await spread(
      { calls: 650, perSecond: 130, happenings: [{ atMs: slowFromMs, what: () => nodes[0]?.slowDown(300) }] },
      (name) => hello.anything({ name }),
    );
    expect(result.failures).toEqual([]);
    expect(executedTwice(nodes)).toEqual([]);
    const before = result.calls.filter(({ atMs }) => atMs > 500 && atMs < slowFromMs);
    const meanwhile = result.calls.filter(({ atMs }) => atMs >= slowFromMs && atMs < slowFromMs + 500);
    const after = result.calls.filter(({ atMs }) => atMs >= slowFromMs + 1000);
    // How many it is, is left to chance; that it is none of some 40, which were made before any of them was slow, is not.
    expect(percentile(meanwhile, 1)).toBeGreaterThan(300);
    // Of any call a busy machine may make more than twice of what it was; that node makes at least 310 ms of it.
    expect(percentile(after, 0.99)).toBeLessThan(2 * Math.max(150, percentile(before, 0.99)));
    const since = new Set(after.map(({ name }) => name));
    expect(nodes[0]?.started.filter((name) => since.has(name))).toEqual([]);
  }));

describe('a handler', () => {
  it('that throws is executed once: a bug does not run twice', () =>
    withFleet(async (fleet) => {
      const nodes = await fleet.startMany(2, { behaviour: 'throw' });
      const hello = await fleet.client({ nodes: [] });
      const failed = await hello.anything({ name: 'x' }).catch((error) => error);
      expect(failed).toMatchObject({ code: status.UNKNOWN, reason: 'none' });
      expect(failed.attempts).toHaveLength(1);
      await until(() => nodes.some(({ started }) => started.length > 0), 'the report of the start');
      expect(nodes.flatMap((node) => node.started)).toEqual(['x']);
    }));

  it.each(['micromesh', 'plain'] as const)(
    'that answers INTERNAL on one of two nodes fails no call (%s)',
    (kind) =>
      withFleet(async (fleet) => {
        const broken = await fleet.start({ kind, behaviour: 'internal' });
        const works = await fleet.start({ kind });
        const hello = await fleet.client({ nodes: [works] });
        // About half of them are retried, fewer where the machine stands still and the node is down for a while: in any case more than a
        // fifth of the calls.
        const result = await spread({ calls: 800, perSecond: 400 }, (name) => hello.anything({ name }));
        expect(result.failures).toEqual([]);
        await until(() => names(works.effects).length === 800, 'all effects');
        expect(names(broken.started).length).toBeGreaterThan(160);
      }),
  );
});
