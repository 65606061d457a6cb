import { events } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { LimitedWorld, TWO_A_SECOND } from './testing/limited-world.js';

const DRY = ', annotations: { micromesh.io/dry-run: "true" }';

describe('a limit in dry-run', () => {
  it('refuses nobody, and tells of each call that it would have refused', () => {
    const told: string[] = [];
    const offDryRun = events.dryRun.subscribe(({ resource, effect, method }) =>
      told.push(`${resource} ${effect} ${method}`),
    );
    const world = new LimitedWorld();
    world.set(
      ['RateLimit', TWO_A_SECOND, DRY],
      ['ConcurrencyLimit', 'maxConcurrent: 2, maxQueued: 1', DRY],
      ['ConcurrencyLimit', 'maxConcurrent: 4'],
    );
    const calls = [1, 2, 3, 4].map(() => world.apply());
    expect(calls.map(({ state }) => state)).toEqual(['passed', 'passed', 'passed', 'passed']);
    expect(told).toEqual([
      'RateLimit limit-0 refuse /h.H/A',
      'RateLimit limit-0 refuse /h.H/A',
      'ConcurrencyLimit limit-1 refuse /h.H/A',
    ]);
    expect(world.apply().state).toBe('shed');
    for (const call of calls) call.leave();
    world.set(['ConcurrencyLimit', 'maxConcurrent: 2, maxQueued: 1', DRY]);
    told.length = 0;
    expect(world.states(4)).toEqual(['passed', 'passed', 'passed', 'passed']);
    expect(told).toEqual(['ConcurrencyLimit limit-0 refuse /h.H/A']);
    offDryRun();
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('keeps its own count of those that go, also from its line', () => {
    let told = 0;
    const offDryRun = events.dryRun.subscribe(() => told++);
    const world = new LimitedWorld().set(['ConcurrencyLimit', 'maxConcurrent: 1, maxQueued: 1', DRY]);
    for (let round = 0; round < 5; round++) {
      const [first, second] = [world.apply(), world.apply()];
      (round % 2 === 0 ? first : second)?.leave();
      world.apply().leave();
      (round % 2 === 0 ? second : first)?.leave();
    }
    expect(told).toBe(0);
    offDryRun();
  });
});
