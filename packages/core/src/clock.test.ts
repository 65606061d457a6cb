import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_TIMER_MS, systemClock } from './clock.js';

describe('the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('holds timers beyond the 24.8 days of Node', () => {
    let fired = 0;
    systemClock.setTimer(MAX_TIMER_MS + 1000, () => fired++);
    vi.advanceTimersByTime(MAX_TIMER_MS);
    expect(fired).toBe(0);
    vi.advanceTimersByTime(1000);
    expect(fired).toBe(1);
  });

  it('forgets a cancelled timer, and never fires one at infinity', () => {
    let fired = 0;
    systemClock.setTimer(10, () => fired++).cancel();
    systemClock.setTimer(2 * MAX_TIMER_MS, () => fired++).cancel();
    systemClock.setTimer(Number.POSITIVE_INFINITY, () => fired++).cancel();
    expect(vi.getTimerCount()).toBe(0);
    expect(fired).toBe(0);
  });
});
