import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, it } from 'vitest';
import { EventLoopDelay } from './event-loop-delay.js';

describe('the delay of the event loop', () => {
  it('is none while it runs, and costs no timer when it is stopped', async () => {
    const clock = new FakeClock();
    const delay = new EventLoopDelay(clock);
    delay.start();
    await clock.advance(1000);
    expect(delay.ms).toBe(0);
    delay.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('is seen before its own timer has had a turn, and again by that, once', async () => {
    const clock = new FakeClock();
    const delay = new EventLoopDelay(clock);
    delay.start();
    await clock.advance(10);
    const stood = 210;
    let seen = 0;
    // Before the beat that is due meanwhile.
    clock.setTimer(9, () => {
      seen = delay.ms;
    });
    clock.standStill(stood);
    expect(seen).toBeCloseTo(0.3 * 200);
    expect(delay.ms).toBeCloseTo(0.3 * 200);
    await clock.advance(20);
    expect(delay.ms).toBeCloseTo(0.3 * 0.7 * 200);
    delay.stop();
  });

  it('grows to what turn after turn is late, and shrinks within a few', async () => {
    const clock = new FakeClock();
    const delay = new EventLoopDelay(clock);
    delay.start();
    for (let turn = 0; turn < 10; turn++) clock.standStill(120);
    expect(delay.ms).toBeGreaterThan(95);
    await clock.advance(200);
    expect(delay.ms).toBeLessThan(5);
    delay.stop();
  });
});
