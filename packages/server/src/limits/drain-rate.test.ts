import { describe, expect, it } from 'vitest';
import { DrainRate } from './drain-rate.js';

describe('the drain rate', () => {
  it('is what lies between the ends of calls while the server is full', () => {
    const rate = new DrainRate();
    rate.full(0);
    for (let now = 20; now <= 2000; now += 20) rate.ended(now, true);
    expect(rate.msPerCall(2000)).toBeCloseTo(20, 1);
    rate.ended(2020, false);
    rate.ended(9000, false);
    expect(rate.msPerCall(9000)).toBeCloseTo(20, 1);
  });

  it('is as slow as the time without an end', () => {
    const rate = new DrainRate();
    rate.full(0);
    rate.full(500);
    expect(rate.msPerCall(700)).toBe(700);
  });
});
