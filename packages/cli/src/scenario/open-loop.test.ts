import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, test } from 'vitest';
import { runOpenLoop } from './open-loop.js';

function setUp(rps: number, seconds: number) {
  const clock = new FakeClock();
  const controller = new AbortController();
  const starts: { index: number; meantMs: number; atMs: number }[] = [];
  let over = false;
  const loop = runOpenLoop({
    ...{ rps, seconds, clock, signal: controller.signal },
    start: (index, meantMs) => starts.push({ index, meantMs, atMs: clock.now() }),
  }).then(() => {
    over = true;
  });
  return { clock, controller, starts, loop, over: () => over };
}

describe('runOpenLoop', () => {
  test('starts calls at the rate, whoever has answered', async () => {
    const { clock, starts, loop } = setUp(100, 1);
    await clock.advance(500);
    expect(starts).toHaveLength(51);
    await clock.advance(500);
    await loop;
    expect(starts).toHaveLength(100);
    expect(starts.at(-1)).toEqual({ index: 99, meantMs: 990, atMs: 990 });
  });

  test('starts at once what was due while the process was late, with the times it was meant for', async () => {
    const { clock, starts } = setUp(10, 1);
    const now = clock.now.bind(clock);
    clock.now = () => now() + 250;
    await clock.advance(100);
    const late = starts.filter(({ atMs }) => atMs === 350);
    expect(late.map(({ meantMs }) => meantMs)).toEqual([100, 200, 300]);
  });

  test('ends early when it is aborted', async () => {
    const { clock, controller, starts, loop } = setUp(10, 10);
    await clock.advance(200);
    controller.abort();
    await clock.advance(200);
    await loop;
    expect(starts.length).toBeLessThanOrEqual(4);
    expect(clock.pendingTimers).toBe(0);
  });
});
