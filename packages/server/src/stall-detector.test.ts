import type { Clock } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, it } from 'vitest';
import { acquireStallDetector, pollSockets, StallDetector } from './stall-detector.js';

/** A clock that can stand still for the timers while time goes on, as a frozen process sees it. */
class FreezableClock implements Clock {
  readonly fake = new FakeClock();
  frozenMs = 0;
  suspendedMs = 0;

  now() {
    return this.fake.now() + this.frozenMs;
  }
  wallNow() {
    return this.fake.wallNow() + this.frozenMs + this.suspendedMs;
  }
  setTimer(delayMs: number, fire: () => void) {
    return this.fake.setTimer(delayMs, fire);
  }
}

describe('the stall detector', () => {
  it('notices nothing while the event loop runs', async () => {
    const clock = new FreezableClock();
    const detector = new StallDetector(clock);
    detector.start();
    await clock.fake.advance(5000);
    expect(detector.stalls).toBe(0);
    expect(detector.unsettled).toBe(false);
    detector.stop();
    expect(clock.fake.pendingTimers).toBe(0);
  });

  it('notices a freeze before its own timer has fired, once, and is unsettled for a second', async () => {
    const clock = new FreezableClock();
    const detector = new StallDetector(clock);
    detector.start();
    await clock.fake.advance(1050);
    clock.frozenMs += 4000;
    expect(detector.stalls).toBe(1);
    expect(detector.unsettled).toBe(true);
    await clock.fake.advance(900);
    expect(detector.stalls).toBe(1);
    expect(detector.unsettled).toBe(true);
    await clock.fake.advance(200);
    expect(detector.unsettled).toBe(false);
    detector.stop();
  });

  it('notices a freeze that only its own timer could have seen', async () => {
    const clock = new FreezableClock();
    const detector = new StallDetector(clock);
    detector.start();
    clock.frozenMs += 300;
    await clock.fake.advance(150);
    expect(detector.stalls).toBe(1);
    detector.stop();
  });

  it('lets pass what is shorter than 200 ms', () => {
    const clock = new FreezableClock();
    const detector = new StallDetector(clock);
    detector.start();
    clock.frozenMs += 200;
    expect(detector.stalls).toBe(0);
    clock.frozenMs += 1;
    expect(detector.stalls).toBe(1);
    detector.stop();
  });

  it('notices the suspension of the machine by the wall clock', () => {
    const clock = new FreezableClock();
    const detector = new StallDetector(clock);
    detector.start();
    clock.suspendedMs += 60_000;
    expect(detector.stalls).toBe(1);
    detector.stop();
  });

  it('is shared by all servers of a clock, and stops with the last', () => {
    const clock = new FakeClock();
    const first = acquireStallDetector(clock);
    const second = acquireStallDetector(clock);
    expect(second.detector).toBe(first.detector);
    expect(clock.pendingTimers).toBe(1);
    first.release();
    first.release();
    expect(clock.pendingTimers).toBe(1);
    second.release();
    expect(clock.pendingTimers).toBe(0);
    const third = acquireStallDetector(clock);
    expect(clock.pendingTimers).toBe(1);
    third.release();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('polling the sockets', () => {
  it('lets a whole poll phase pass, from wherever it is asked', async () => {
    const phases: (() => Promise<void>)[] = [
      () => Promise.resolve(),
      () => new Promise((resolve) => setImmediate(resolve)),
      () => new Promise((resolve) => setTimeout(resolve, 1)),
    ];
    for (const phase of phases) {
      await phase();
      let checks = 0;
      setImmediate(() => {
        checks++;
        setImmediate(() => checks++);
      });
      await pollSockets();
      expect(checks).toBe(2);
    }
  });
});
