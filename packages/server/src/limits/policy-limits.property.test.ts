import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LimitedTestCall, LimitedWorld } from './testing/limited-world.js';

describe('whatever calls do', () => {
  it('no more pass in any window than the bucket allows, no more are at work than may be, and all is given back', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant({ do: 'apply' as const, which: 0 }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat(10) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), which: fc.nat(150) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          maxTokens: fc.integer({ min: 1, max: 5 }),
          tokensPerFill: fc.integer({ min: 1, max: 5 }),
          fillMs: fc.integer({ min: 1, max: 200 }),
          maxConcurrent: fc.integer({ min: 1, max: 4 }),
          maxQueued: fc.integer({ min: 1, max: 3 }),
        }),
        fc.array(step, { maxLength: 60 }),
        async ({ maxTokens, tokensPerFill, fillMs, maxConcurrent, maxQueued }, steps) => {
          const world = new LimitedWorld();
          const bucket = `tokenBucket: { maxTokens: ${maxTokens}, tokensPerFill: ${Math.min(tokensPerFill, maxTokens)}, fillInterval: ${fillMs}ms }`;
          world.set(
            ['RateLimit', bucket],
            [
              'ConcurrencyLimit',
              `maxConcurrent: ${maxConcurrent}, maxQueued: ${maxQueued}, queueTimeout: 120ms`,
            ],
          );
          const calls: LimitedTestCall[] = [];
          const open = () => calls.filter(({ state }) => state === 'passed' || state === 'waiting');
          const taken: number[] = [];
          for (const { do: what, which } of steps) {
            if (what === 'apply') {
              const call = world.apply();
              calls.push(call);
              if (call.state !== 'shed') taken.push(world.clock.now());
            } else if (what === 'wait') await world.clock.advance(which);
            else open()[which % Math.max(1, open().length)]?.leave();
            const atWork = open().filter(({ state }) => state === 'passed').length;
            expect(atWork).toBeLessThanOrEqual(maxConcurrent);
            expect(open().length - atWork).toBeLessThanOrEqual(maxQueued + maxConcurrent);
          }
          for (const [first, from] of taken.entries()) {
            for (let last = first; last < taken.length; last++) {
              const fills = Math.floor(((taken[last] ?? 0) - from) / fillMs) + 1;
              expect(last - first + 1).toBeLessThanOrEqual(
                maxTokens + Math.min(tokensPerFill, maxTokens) * fills,
              );
            }
          }
          for (const call of open()) call.leave();
          await world.clock.settle();
          expect(open()).toEqual([]);
          expect(world.clock.pendingTimers).toBe(0);
          await world.clock.advance(fillMs * maxTokens);
          const free = Math.min(maxConcurrent, maxTokens);
          expect(world.states(free)).toEqual(Array.from({ length: free }, () => 'passed'));
        },
      ),
      { numRuns: 100 },
    );
  });
});
