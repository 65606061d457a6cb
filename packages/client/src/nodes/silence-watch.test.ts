import { FakeClock } from '@micromesh/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SilenceWatch, type Waiter } from './silence-watch.js';

/** Looks every `everyMs`. */
class Watcher implements Waiter {
  lookAt: number;
  readonly looks: number[] = [];

  constructor(
    private readonly clock: FakeClock,
    readonly everyMs: number,
  ) {
    this.lookAt = clock.now() + everyMs;
  }

  look(): void {
    this.looks.push(this.clock.now());
    this.lookAt = this.clock.now() + this.everyMs;
  }
}

describe('a silence watch', () => {
  it('wakes each at its own time, with one timer for all', async () => {
    const clock = new FakeClock();
    const slow = new Watcher(clock, 250);
    const quick = new Watcher(clock, 100);
    const watch = new SilenceWatch(new Set([slow, quick]), clock);
    watch.expect(slow.lookAt);
    watch.expect(quick.lookAt);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(520);
    expect(slow.looks).toEqual([250, 500]);
    expect(quick.looks).toEqual([100, 200, 300, 400, 500]);
    expect(clock.pendingTimers).toBe(1);
  });

  it('stops when nobody waits any more', async () => {
    const clock = new FakeClock();
    const waiters = new Set([new Watcher(clock, 100)]);
    const watch = new SilenceWatch(waiters, clock);
    watch.expect(100);
    waiters.clear();
    await clock.advance(100);
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets nobody wait longer than a millisecond beyond the time, nor look before it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ at: fc.nat(300), everyMs: fc.double({ min: 0.001, max: 300, noNaN: true }) }), {
          minLength: 1,
          maxLength: 6,
        }),
        async (plans) => {
          const clock = new FakeClock();
          const waiters = new Set<Watcher>();
          const watch = new SilenceWatch(waiters, clock);
          for (const { at, everyMs } of plans) {
            clock.setTimer(at, () => {
              const watcher = new Watcher(clock, everyMs);
              waiters.add(watcher);
              watch.expect(watcher.lookAt);
            });
          }
          await clock.advance(600);
          for (const { looks, everyMs } of waiters) {
            for (let index = 1; index < looks.length; index++) {
              const gapMs = (looks[index] ?? 0) - (looks[index - 1] ?? 0);
              expect(gapMs).toBeGreaterThan(everyMs - 0.001);
              expect(gapMs).toBeLessThanOrEqual(everyMs + 1.001);
            }
            if (everyMs < 250) expect(looks.length).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 5 },
    );
  }, 60_000);
});
