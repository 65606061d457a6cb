import { describe, expect, it } from 'vitest';
import type { FaultPromise } from '../contenders/fault-client.js';
import type { Fault } from '../fault.js';
import type { CallRecord } from '../process/messages.js';
import { brokenPromises } from './promise.js';
import { type FaultRun, judgeCalls, rowOf } from './row.js';

const FAULT_MS = 1_000;
const KILL: Fault = { name: 'kill', title: 'kill -9', async bring() {} };

function runOf(fault: Fault, effects: FaultRun['effects'] = new Map()): FaultRun {
  return { fault, effects, strikes: [], countedFromMs: 0, faultMs: FAULT_MS, controlP99AfterMs: 20 };
}

/** A call every 20 ms for three seconds that takes 10 ms; `change` is put over each. */
function calls(change: (startMs: number) => Partial<CallRecord> & { tookMs?: number } = () => ({})) {
  return Array.from({ length: 150 }, (_, index): CallRecord => {
    const startMs = index * 20;
    const { tookMs = 10, ...rest } = change(startMs);
    return { method: 'write', index, startMs, endMs: startMs + tookMs, code: 0, ...rest };
  });
}

function judge(run: FaultRun, made: readonly CallRecord[], promises: FaultPromise = 'both') {
  const judged = judgeCalls(run, 'me', made);
  const row = rowOf(run, 'me', 'write', judged);
  const broken = brokenPromises(run, { id: 'me', promises }, row, judged);
  return { row, broken: broken.map(({ text }) => text) };
}

describe('a row', () => {
  it('says when the last call was slow, failed or was retried', () => {
    const quiet = judge(runOf(KILL), calls()).row;
    expect(quiet).toMatchObject({ calls: 150, failed: 0, p50Ms: 10, maxMs: 10, lastSlowMs: 0 });
    const slow = judge(
      runOf(KILL),
      calls((startMs) => (startMs === 1_500 ? { tookMs: 21 } : {})),
    ).row;
    expect(slow.lastSlowMs).toBe(500);
    const failed = judge(
      runOf(KILL),
      calls((startMs) => (startMs === 1_600 ? { code: 14 } : {})),
    ).row;
    expect(failed).toMatchObject({ failed: 1, lastSlowMs: 600 });
    const retried = new Map([
      [
        'me/write/100',
        [
          { atMs: 2_000, node: 'a', event: 'start' as const },
          { atMs: 2_005, node: 'b', event: 'start' as const },
        ],
      ],
    ]);
    expect(judge(runOf(KILL, retried), calls()).row.lastSlowMs).toBe(1_000);
  });

  it('counts failures of one kind together, whatever their ports and times', () => {
    const made = calls((startMs) =>
      startMs >= 2_900 ? { code: 14, detail: `14 UNAVAILABLE after ${startMs} ms` } : {},
    );
    expect(judge(runOf(KILL), made).row.failures).toEqual(['5x 14 UNAVAILABLE after 2980 ms']);
  });
});

describe('the promise', () => {
  it('is kept by calls that are neither lost nor slow', () => {
    expect(judge(runOf(KILL), calls()).broken).toEqual([]);
  });

  it('is broken by a call that failed, but where no healthy node was left', () => {
    const made = calls((startMs) => (startMs === 1_100 ? { code: 14 } : {}));
    expect(judge(runOf(KILL), made).broken).toEqual(['1 calls failed']);
    expect(judge(runOf({ ...KILL, healthyLeft: false }), made).broken).toEqual([]);
  });

  it('is broken by a call that was executed twice', () => {
    const twice = [61, 65].map((atMs) => ({ atMs, node: 'a', event: 'effect' as const }));
    const { broken } = judge(runOf(KILL, new Map([['me/write/3', twice]])), calls());
    expect(broken).toEqual([
      '1 calls were executed twice: one began -940 ms after the fault; effect at a after 1 ms, effect at a after 5 ms; it ended after 10 ms',
    ]);
  });

  it('of the calls of plain servers is one of two: that none fails, or that none runs twice', () => {
    const twice = [1, 2].map((atMs) => ({ atMs, node: 'a', event: 'effect' as const }));
    const run = runOf(KILL, new Map([['me/write/3', twice]]));
    const failing = (fromMs: number) =>
      calls((startMs) => (startMs >= fromMs && startMs < fromMs + 100 ? { code: 14 } : {}));
    expect(judge(run, calls(), 'noFailure').broken).toEqual([]);
    expect(judge(run, failing(1_100), 'noFailure').broken).toEqual(['5 calls failed']);
    expect(judge(run, calls(), 'onceOnly').broken).toEqual([
      expect.stringMatching(/^1 calls were executed twice: one began/),
    ]);
    expect(judge(runOf(KILL), failing(1_100), 'onceOnly').broken).toEqual([]);
    expect(judge(runOf(KILL), failing(2_500), 'onceOnly').broken).toEqual(['5 calls failed']);
    expect(judge(run, failing(2_500), 'nothing').broken).toEqual([]);
  });

  it('is broken by calls that are still slow one second after the fault', () => {
    const soon = calls((startMs) => (startMs >= 1_000 && startMs < 1_900 ? { tookMs: 90 } : {}));
    expect(judge(runOf(KILL), soon).broken).toEqual([]);
    const late = calls((startMs) => (startMs >= 2_500 ? { tookMs: 90 } : {}));
    expect(judge(runOf(KILL), late).broken).toEqual([
      'p99 90 ms from 1 s after the fault on, 10 ms before it; a bare client of an untouched node has 20 ms',
    ]);
    const busyMachine = { ...runOf(KILL), controlP99AfterMs: 50 };
    expect(judge(busyMachine, late).broken).toEqual([]);
  });

  it('lets as many calls fail as chance says where all nodes fail some', () => {
    const errors = { ...KILL, failRatio: 0.2 };
    const failing = (every: number) =>
      judge(
        runOf(errors),
        calls((startMs) => (startMs >= FAULT_MS && startMs % every === 0 ? { code: 14 } : {})),
      );
    expect(failing(500).broken).toEqual([]);
    expect(failing(60).broken).toEqual(['33 of 100 calls failed, outside of 0 to 12']);
  });

  it('lets streams fail that were open in a dead node, at once', () => {
    const reset = { ...KILL, breaksStreams: true };
    const effects = new Map([['me/write/49', [{ atMs: 985, node: 'a', event: 'start' as const }]]]);
    const run: FaultRun = {
      ...runOf(reset, effects),
      strikes: [{ node: 'a', fromMs: FAULT_MS, untilMs: FAULT_MS, kind: 'death' }],
    };
    const failed = (index: number, endMs: number, promises?: 'onceOnly') =>
      judge(
        run,
        calls().map((call) => (call.index === index ? { ...call, endMs, code: 14 } : call)),
        promises,
      ).broken;
    expect(failed(49, 1_010)).toEqual([]);
    expect(failed(49, 1_500)).toContain('1 streams failed later than 250 ms');
    expect(failed(48, 1_010)).toEqual(['1 streams failed that were not open in the dead node']);
    expect(failed(48, 1_010, 'onceOnly')).toEqual([]);
    expect(failed(80, 1_610, 'onceOnly')).toContain('1 streams failed that were not open in the dead node');
  });
});
