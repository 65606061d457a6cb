import { status } from '@grpc/grpc-js';
import { seededRandom } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localOutcome } from '../chain/local-outcome.js';
import type { BreakerVerdict } from './breaker-verdict.js';
import { CircuitBreaker, type TrialCall } from './circuit-breaker.js';
import { breakerRules } from './limit-settings.js';

const OUTCOME = localOutcome(status.UNAVAILABLE, 'dropped', 'unknown', 'gone');

const options = fc.record({
  consecutiveFailures: fc.integer({ min: 1, max: 4 }),
  failureRatio: fc.double({ min: 0.01, max: 1, noNaN: true }),
  minCalls: fc.integer({ min: 1, max: 10 }),
  openMs: fc.integer({ min: 1, max: 500 }),
  trialCalls: fc.integer({ min: 1, max: 4 }),
});

const step = (verdicts: readonly BreakerVerdict[]) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('call' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        which: fc.nat(20),
        verdict: fc.constantFrom(...verdicts),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 400 }) }),
    },
  );

function unary(): TrialCall {
  return { method: { kind: 'unary' }, deadline: 1e9, winner: undefined, overflowed: false };
}

interface Running {
  readonly call: TrialCall;
  readonly pass: number;
  readonly trial: boolean;
}

describe('whatever calls come to', () => {
  it('a half-open breaker never has more than its trials under way', async () => {
    await fc.assert(
      fc.asyncProperty(
        options,
        fc.array(step(['ok', 'failed', 'failed', 'ignored']), { maxLength: 120 }),
        fc.integer(),
        async (rules, steps, seed) => {
          const clock = new FakeClock();
          const breaker = new CircuitBreaker({
            service: { name: 'hello' },
            method: '/h.H/A',
            rules: breakerRules(rules),
            clock,
            random: seededRandom(seed),
          });
          let running: Running[] = [];
          let openedAt = Number.NEGATIVE_INFINITY;
          for (const each of steps) {
            const before = breaker.state;
            if (each.do === 'wait') await clock.advance(each.ms);
            else if (each.do === 'call') {
              const call = unary();
              const pass = breaker.tryEnter(call);
              if (before === 'closed') expect(pass).toBeDefined();
              if (before === 'open') expect(pass).toBeUndefined();
              if (pass !== undefined) running.push({ call, pass, trial: before === 'halfOpen' });
            } else {
              const ended = running[each.which % Math.max(1, running.length)];
              if (ended === undefined) continue;
              running = running.filter((other) => other !== ended);
              breaker.leave(ended.call, ended.pass, each.verdict, OUTCOME);
              if (before !== 'open' && breaker.state === 'open') openedAt = clock.now();
            }
            if (breaker.state === 'open') expect(clock.now() - openedAt).toBeLessThan(1.1 * rules.openMs);
            if (breaker.state !== 'halfOpen') continue;
            // Trials of an earlier half-open time may still run; those of this one have the newest pass.
            const newest = Math.max(...running.map(({ pass }) => pass));
            const trials = running.filter(({ trial, pass }) => trial && pass === newest);
            expect(trials.length).toBeLessThanOrEqual(rules.trialCalls);
          }
          // Nothing that runs keeps it from closing in the end.
          for (const { call, pass } of running) breaker.leave(call, pass, 'ignored', OUTCOME);
          await clock.advance(1.1 * rules.openMs);
          for (let trials = 0; trials < rules.trialCalls && breaker.state !== 'closed'; trials++) {
            const call = unary();
            const pass = breaker.tryEnter(call);
            if (pass === undefined) throw new Error('a trial was refused though none was under way');
            breaker.leave(call, pass, 'ok', OUTCOME);
          }
          expect(breaker.state).toBe('closed');
          expect(clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('one that sees no failure never opens', async () => {
    await fc.assert(
      fc.asyncProperty(
        options,
        fc.array(step(['ok', 'ignored']), { maxLength: 80 }),
        async (rules, steps) => {
          const clock = new FakeClock();
          const parts = { service: { name: 'hello' }, method: '/h.H/A', clock, random: () => 0 };
          const breaker = new CircuitBreaker({ ...parts, rules: breakerRules(rules) });
          const running: { call: TrialCall; pass: number }[] = [];
          for (const each of steps) {
            if (each.do === 'wait') await clock.advance(each.ms);
            else if (each.do === 'call') {
              const call = unary();
              const pass = breaker.tryEnter(call);
              if (pass !== undefined) running.push({ call, pass });
            } else {
              const ended = running.shift();
              if (ended !== undefined) breaker.leave(ended.call, ended.pass, each.verdict, OUTCOME);
            }
            expect(breaker.state).toBe('closed');
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
