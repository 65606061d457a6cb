import { type AttemptEvent, events, type QuestionEvent } from '@micromesh/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { callEach, tell, withFleet } from './fleet.js';
import type { HelloNode } from './hello-node.js';
import { executedTwice, type LoadResult, percentile, spread } from './load.js';
import { until } from './until.js';

vi.setConfig({ testTimeout: 180_000 });

let questions: QuestionEvent[];
/** Nodes that an attempt was taken from, as they were silent. */
let silent: string[];
let unsubscribe: (() => void)[];
beforeEach(() => {
  questions = [];
  silent = [];
  unsubscribe = [
    events.question.subscribe((event) => questions.push(event)),
    events.attempt.subscribe(({ reason, nodeId }: AttemptEvent) => {
      if (reason === 'silent') silent.push(nodeId);
    }),
  ];
});
afterEach(() => {
  for (const each of unsubscribe) each();
});

const FREEZE_AT_MS = 700;

/** From the freeze to the end of the last call that began before it was over and took over twice the p99 before it. */
function recoveryMs({ calls }: LoadResult): number {
  const before = percentile(
    calls.filter(({ atMs }) => atMs < FREEZE_AT_MS - 200),
    0.99,
  );
  const slow = calls.filter(({ atMs, durationMs }) => atMs >= FREEZE_AT_MS - 200 && durationMs > 2 * before);
  return Math.max(0, ...slow.map(({ atMs }) => Math.round(atMs - FREEZE_AT_MS)));
}

describe('a node that is frozen for 2 s fails no call', () => {
  /** Where the machine stands still the mesh needs longer to tell a frozen node from a slow one. */
  async function thaw(node: HelloNode): Promise<void> {
    await until(() => silent.length > 0, 'an attempt to be taken from the frozen node').finally(() =>
      node.kill('SIGCONT'),
    );
  }

  it.each([
    ['micromesh', undefined],
    ['plain', 1000],
  ] as const)('of three %s nodes, with a deadline of %s (default 5000) ms', (kind, timeoutMs) =>
    withFleet(async (fleet) => {
      silent = [];
      const nodes = await fleet.startMany(3, { kind, workMs: 20 });
      const [frozen, ...others] = nodes;
      if (frozen === undefined) throw new Error('no node');
      const hello = await fleet.client();
      const options = timeoutMs === undefined ? {} : { timeoutMs };
      let thawed: Promise<void> | undefined;
      const happenings = [
        { atMs: FREEZE_AT_MS, what: () => frozen.kill('SIGSTOP') },
        {
          atMs: FREEZE_AT_MS + 2000,
          what: () => {
            thawed = thaw(frozen);
          },
        },
      ];
      const result = await spread({ calls: 800, perSecond: 240, happenings }, (name) =>
        hello.anything({ name }, options),
      );
      await thawed;
      tell(`frozen (${kind}, deadline ${timeoutMs ?? 5000} ms), slow for ${recoveryMs(result)} ms`, result);
      expect(result.failures).toEqual([]);
      // Only what waited for the frozen node was sent elsewhere.
      expect(new Set(silent)).toEqual(new Set([frozen.id]));
      // A micromesh server starts nothing, and finishes nothing, that nobody waits for.
      if (kind === 'micromesh') expect(executedTwice(nodes)).toEqual([]);
      else expect(executedTwice(others)).toEqual([]);
      // The thaw brings it back.
      await callEach(hello, [frozen], 'thawed');
    }),
  );
});

describe('a node that is slow and lives', () => {
  it('is asked and not cut', () =>
    withFleet(async (fleet) => {
      questions = [];
      const nodes = await fleet.startMany(2);
      const hello = await fleet.client();
      const result = await spread({ calls: 20, perSecond: 200 }, (name) =>
        hello.anything({ name: `${name}, after 1000 ms` }),
      );
      expect(result.failures).toEqual([]);
      expect(result.attempts).toHaveLength(20);
      expect(questions.length).toBeGreaterThan(0);
      expect(new Set(questions.map(({ verdict }) => verdict))).toEqual(new Set(['alive']));
      expect(executedTwice(nodes)).toEqual([]);
    }));

  it('gets company for a method that may run twice, and the first answer wins', () =>
    withFleet(async (fleet) => {
      const slow = await fleet.start({ workMs: 900 });
      const quick = await fleet.start({ workMs: 20 });
      const hello = await fleet.client({ nodes: [slow, quick] });
      // So many that not all of them go to the quick node by chance.
      const result = await spread({ calls: 40, perSecond: 100 }, (name) =>
        hello.anything({ name }, { idempotent: true, timeoutMs: 1000 }),
      );
      expect(result.failures).toEqual([]);
      const beside = result.attempts.filter(({ attempt }) => attempt === 2);
      expect(beside.length).toBeGreaterThan(0);
      expect(new Set(beside.map(({ nodeId }) => nodeId))).toEqual(new Set([quick.id]));
      const superseded = result.attempts.filter(({ reason }) => reason === 'superseded');
      expect(new Set(superseded.map(({ nodeId }) => nodeId))).toEqual(new Set([slow.id]));
      // Half of the second, and not the 900 ms that the slow node takes.
      expect(percentile(result.calls, 1)).toBeLessThan(850);
    }));
});
