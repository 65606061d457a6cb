import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, test } from 'vitest';
import { RateHistory } from './rate-history.js';

describe('RateHistory', () => {
  test('counts whole seconds, also those without a call', async () => {
    const clock = new FakeClock();
    const history = new RateHistory(clock);
    history.add(true);
    history.add(false);
    await clock.advance(2_500);
    history.add(true);
    expect(history.lastSecond).toBe(0);
    await clock.advance(500);
    expect(history.lastSecond).toBe(1);
    expect(history.seconds()).toEqual([
      { calls: 2, failed: 1 },
      { calls: 0, failed: 0 },
      { calls: 1, failed: 0 },
    ]);
  });

  test('keeps 60 seconds', async () => {
    const clock = new FakeClock();
    const history = new RateHistory(clock);
    for (let second = 0; second < 90; second++) {
      history.add(true);
      await clock.advance(1_000);
    }
    expect(history.seconds()).toHaveLength(60);
    expect(history.seconds().every(({ calls }) => calls === 1)).toBe(true);
  });
});
