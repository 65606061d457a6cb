import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, test } from 'vitest';
import { runClosedLoop } from './closed-loop.js';

function setUp(callers: number, seconds: number) {
  const clock = new FakeClock();
  const controller = new AbortController();
  const starts: { index: number; startMs: number }[] = [];
  let running = 0;
  let most = 0;
  let over = false;
  const call = async (index: number, startMs: number) => {
    starts.push({ index, startMs });
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => clock.setTimer(100, resolve));
    running--;
  };
  const loop = runClosedLoop({ callers, seconds, clock, signal: controller.signal, call }).then(() => {
    over = true;
  });
  return { clock, controller, starts, loop, most: () => most, over: () => over };
}

describe('runClosedLoop', () => {
  test('keeps so many calls under way, each numbered, until the time is over', async () => {
    const { clock, starts, loop, most } = setUp(3, 1);
    for (let step = 0; step < 20; step++) await clock.advance(50);
    await loop;
    expect(most()).toBe(3);
    expect(starts).toHaveLength(30);
    expect(new Set(starts.map(({ index }) => index)).size).toBe(30);
    expect(starts.at(-1)?.startMs).toBe(900);
  });

  test('waits for the last calls, and begins none after the end was asked for', async () => {
    const { clock, controller, starts, loop, over } = setUp(2, 10);
    await clock.advance(50);
    controller.abort();
    expect(over()).toBe(false);
    await clock.advance(50);
    await loop;
    expect(starts).toHaveLength(2);
  });
});
