import { describe, expect, it } from 'vitest';
import { DEFAULTS, NEITHER, type Protection } from './protection.js';
import { runStorm, type StormRun } from './run-storm.js';
import type { StormSecond } from './storm-second.js';
import { STORM_DEFAULTS, type StormSetting } from './storm-setting.js';

/** Half of the capacity, to be quick; the budgets' 10/s weigh more in it, so that the load is less. */
const SMALL: StormSetting = { ...STORM_DEFAULTS, loadRatio: 0.65, workers: 4, queue: 64 };

/** As in the experiment: before the fault the budget's window of 10 s is full. */
const LONG = { durationMs: 26_000, faultFromMs: 10_000, faultToMs: 20_000 };

/** As long as it takes to fill the queues and to see that they stay full: storms are many requests. */
const SHORT = { durationMs: 11_000, faultFromMs: 3000, faultToMs: 6000 };

function storm(protection: Protection, own: Partial<StormSetting> = {}): Promise<StormRun> {
  return runStorm({ ...SMALL, ...own }, protection);
}

function goodputFrom(run: StormRun, second: number): number {
  return run.seconds.slice(second).reduce((sum, { goodput }) => sum + goodput, 0);
}

function perCall({ attempts = 0, offered = 0 }: Partial<StormSecond> = {}): number {
  return attempts / offered;
}

describe('a service whose capacity halves while its callers retry', () => {
  it('recovers within seconds with the retry budget and the chain stop', async () => {
    const run = await storm(DEFAULTS, LONG);
    // The fault is one: calls fail.
    expect(goodputFrom(run, 12) - goodputFrom(run, 20)).toBeLessThan(20);
    expect(run.recoveredAfterMs).toBeLessThanOrEqual(5000);
  });

  it('does not recover without them: no call ends well any more, and 16 requests are made for each', async () => {
    const run = await storm(NEITHER, SHORT);
    expect(run.goodputBefore).toBeGreaterThan(115);
    expect(run.recoveredAfterMs).toBeNull();
    expect(goodputFrom(run, 6)).toBe(0);
    expect(perCall(run.seconds.at(-1))).toBeGreaterThan(14);
  });

  it('gets less than half of the requests by the chain stop alone, which is not enough', async () => {
    const run = await storm(
      { name: 'chain stop only', budget: false, chainStop: true },
      { ...SHORT, durationMs: 8000 },
    );
    expect(run.recoveredAfterMs).toBeNull();
    expect(perCall(run.seconds.at(-1))).toBeLessThan(8);
  });

  it('recovers at 95 % load, with the defaults, where a server drops what nobody waits for', async () => {
    const run = await storm(DEFAULTS, {
      ...SHORT,
      loadRatio: 0.95,
      dropsAbandoned: true,
      durationMs: 10_000,
    });
    expect(goodputFrom(run, 5) - goodputFrom(run, 6)).toBeLessThan(100);
    // In this time, at this load, what is left over from the fault is still being worked off: at the full rate.
    expect(goodputFrom(run, 7)).toBeGreaterThan(0.85 * 3 * 190);
  });
});

describe('a storm', () => {
  it('is the same for the same seed, and another for another', async () => {
    const own = { durationMs: 3000, faultFromMs: 1000, faultToMs: 2000 };
    const first = await storm(DEFAULTS, own);
    expect(await storm(DEFAULTS, own)).toEqual(first);
    expect((await storm(DEFAULTS, { ...own, seed: 2 })).seconds).not.toEqual(first.seconds);
  });
});
