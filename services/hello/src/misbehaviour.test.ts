import { describe, expect, it } from 'vitest';
import { Misbehaviour, type Orders } from './misbehaviour.js';

const CALLS = Array.from({ length: 10_000 }, (_, index) => `call-${index}`);

function failing(orders: Orders, attempt: number): string[] {
  const misbehaviour = new Misbehaviour();
  misbehaviour.obey(orders);
  return CALLS.filter((call) => {
    try {
      misbehaviour.afterWork(call, attempt);
      return false;
    } catch {
      return true;
    }
  });
}

describe('Misbehaviour', () => {
  it('fails the share that it is told to, each attempt for itself', () => {
    const first = failing({ errorRatio: 0.2 }, 1);
    const second = new Set(failing({ errorRatio: 0.2 }, 2));
    // 2000 of 10,000, and 400 of both; five standard deviations.
    expect(Math.abs(first.length - 2_000)).toBeLessThan(200);
    expect(Math.abs(first.filter((call) => second.has(call)).length - 400)).toBeLessThan(98);
  });

  it('fails the same calls again with the same seed, others with another', () => {
    const first = failing({ errorRatio: 0.2, seed: 1 }, 1);
    expect(failing({ errorRatio: 0.2, seed: 1 }, 1)).toEqual(first);
    expect(failing({ errorRatio: 0.2, seed: 2 }, 1)).not.toEqual(first);
  });

  it('adds to the work a time within the spread', () => {
    const misbehaviour = new Misbehaviour();
    misbehaviour.obey({ extraMs: 10, spreadMs: 30 });
    const times = CALLS.map((call) => misbehaviour.extraMs(call, 1));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...times)).toBeLessThan(40);
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
    expect(mean).toBeGreaterThan(24.5);
    expect(mean).toBeLessThan(25.5);
  });
});
