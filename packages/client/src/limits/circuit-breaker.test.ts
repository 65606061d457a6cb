import { status } from '@grpc/grpc-js';
import { type BreakerEvent, events } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localOutcome } from '../chain/local-outcome.js';
import type { BreakerVerdict } from './breaker-verdict.js';
import { CircuitBreaker, type TrialCall } from './circuit-breaker.js';
import { type BreakerOptions, breakerRules } from './limit-settings.js';

const FAILURE = localOutcome(status.UNAVAILABLE, 'dropped', 'unknown', 'gone');

let clock: FakeClock;
let seen: BreakerEvent[];
let off: () => void;

beforeEach(() => {
  clock = new FakeClock();
  seen = [];
  off = events.breaker.subscribe((event) => seen.push(event));
});
afterEach(() => off());

function breakerWith(options: BreakerOptions = {}, random = () => 0): CircuitBreaker {
  const parts = { service: { name: 'hello' }, method: '/h.H/A', clock, random };
  return new CircuitBreaker({ ...parts, rules: breakerRules(options) });
}

function call(own: Partial<TrialCall> = {}): TrialCall {
  return { method: { kind: 'unary' }, deadline: 1e9, winner: undefined, overflowed: false, ...own };
}

/** One call that ends at once; false: it was refused. */
function make(breaker: CircuitBreaker, verdict: BreakerVerdict): boolean {
  const one = call();
  const pass = breaker.tryEnter(one);
  if (pass === undefined) return false;
  breaker.leave(one, pass, verdict, FAILURE);
  return true;
}

function makeAll(breaker: CircuitBreaker, verdicts: string): void {
  for (const each of verdicts) make(breaker, each === 'f' ? 'failed' : each === 'i' ? 'ignored' : 'ok');
}

describe('a closed breaker', () => {
  it('opens at five failures in a row where nobody says otherwise, whatever says nothing lies between', () => {
    const breaker = breakerWith();
    makeAll(breaker, 'ffffoffiff');
    expect(breaker.state).toBe('closed');
    makeAll(breaker, 'f');
    expect(breaker.state).toBe('open');
    expect(make(breaker, 'ok')).toBe(false);
    expect(breaker.cause).toBe(
      '5 calls in a row failed (breaker.consecutiveFailures), the last with UNAVAILABLE: gone',
    );
  });

  it('opens at a share of failures, once there are enough calls within the window', async () => {
    const breaker = breakerWith({ failureRatio: 0.5, minCalls: 10, windowMs: 1000 });
    makeAll(breaker, 'ooooffff');
    await clock.advance(2000);
    makeAll(breaker, 'ooooof');
    expect(breaker.state).toBe('closed');
    makeAll(breaker, 'fff');
    expect(breaker.state).toBe('closed');
    makeAll(breaker, 'f');
    expect(breaker.state).toBe('open');
    expect(breaker.cause).toContain('5 of the last 10 calls failed (breaker.failureRatio)');
  });

  it('does not count failures in a row where only the share is asked for', () => {
    const breaker = breakerWith({ failureRatio: 0.5 });
    makeAll(breaker, 'f'.repeat(19));
    expect(breaker.state).toBe('closed');
  });
});

describe('an open breaker', () => {
  it('refuses for its time and up to a tenth more, says for how long, and then tries', async () => {
    const breaker = breakerWith({ consecutiveFailures: 1, openMs: 1000 }, () => 0.5);
    makeAll(breaker, 'f');
    await clock.advance(1049);
    expect(make(breaker, 'ok')).toBe(false);
    expect(breaker.refusal).toMatch(/^open for another 1 ms \(breaker.openMs\): a call failed/);
    await clock.advance(1);
    expect(breaker.state).toBe('halfOpen');
    expect(make(breaker, 'ok')).toBe(true);
    expect(breaker.state).toBe('closed');
    expect(seen.map(({ state }) => state)).toEqual(['open', 'halfOpen', 'closed']);
  });

  it('ignores what began before it opened', async () => {
    const breaker = breakerWith({ consecutiveFailures: 1, openMs: 1000 });
    const early = [call(), call()];
    const passes = early.map((each) => breaker.tryEnter(each) ?? Number.NaN);
    makeAll(breaker, 'f');
    await clock.advance(1000);
    const trial = call();
    expect(breaker.tryEnter(trial)).toBeDefined();
    for (const [index, verdict] of (['ok', 'failed'] as const).entries()) {
      breaker.leave(early[index] ?? trial, passes[index] ?? Number.NaN, verdict, FAILURE);
      expect(breaker.state).toBe('halfOpen');
    }
  });
});

describe('a half-open breaker', () => {
  async function halfOpen(options: BreakerOptions = {}): Promise<CircuitBreaker> {
    const breaker = breakerWith({ consecutiveFailures: 1, openMs: 1000, ...options });
    makeAll(breaker, 'f');
    await clock.advance(1000);
    return breaker;
  }

  it('lets as many try as it was told, and says so to the others', async () => {
    const breaker = await halfOpen({ trialCalls: 2 });
    expect(breaker.tryEnter(call())).toBeDefined();
    expect(breaker.tryEnter(call())).toBeDefined();
    expect(breaker.tryEnter(call())).toBeUndefined();
    expect(breaker.refusal).toMatch(/^half-open, and 2 calls are trying already \(breaker.trialCalls\): /);
  });

  it('opens again for its whole time when one fails', async () => {
    const breaker = await halfOpen({ trialCalls: 2 });
    makeAll(breaker, 'of');
    expect(breaker.state).toBe('open');
    await clock.advance(999);
    expect(breaker.state).toBe('open');
    await clock.advance(1);
    expect(breaker.state).toBe('halfOpen');
  });

  it('tries another when one says nothing', async () => {
    const breaker = await halfOpen();
    makeAll(breaker, 'ii');
    expect(breaker.state).toBe('halfOpen');
    makeAll(breaker, 'o');
    expect(breaker.state).toBe('closed');
  });

  it('takes the first message of a stream for its going well, and its life of some length', async () => {
    const brings = { ...call({ method: { kind: 'serverStream' } }), winner: undefined as unknown };
    const first = await halfOpen();
    first.tryEnter(brings);
    expect(first.tryEnter(call())).toBeUndefined();
    brings.winner = {};
    expect(first.tryEnter(call())).toBeDefined();
    expect(first.state).toBe('closed');

    const second = await halfOpen();
    second.tryEnter(call({ method: { kind: 'bidi' }, winner: {}, overflowed: true }));
    await clock.advance(999);
    expect(second.tryEnter(call())).toBeUndefined();
    await clock.advance(1);
    expect(second.tryEnter(call())).toBeDefined();
    expect(second.state).toBe('closed');
  });

  it('waits for a unary call, which has a deadline', async () => {
    const breaker = await halfOpen();
    breaker.tryEnter(call());
    await clock.advance(100_000);
    expect(breaker.tryEnter(call())).toBeUndefined();
  });
});

describe('an order by hand', () => {
  it('holds a breaker open whatever the time, and closed whatever fails', async () => {
    const breaker = breakerWith({ consecutiveFailures: 1 });
    breaker.obey({ state: 'open', cause: 'ann: migration' });
    await clock.advance(1e6);
    expect(make(breaker, 'ok')).toBe(false);
    expect(breaker.refusal).toBe('held open by hand: ann: migration');
    breaker.obey({ state: 'closed', cause: 'by hand' });
    makeAll(breaker, 'fffff');
    expect(breaker.state).toBe('closed');
    breaker.obey(undefined);
    makeAll(breaker, 'f');
    expect(breaker.state).toBe('open');
    expect(seen.map(({ state, cause }) => `${state} ${cause.slice(0, 14)}`)).toEqual([
      'open ann: migration',
      'closed by hand',
      'open a call failed ',
    ]);
  });
});
