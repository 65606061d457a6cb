import { FakeClock } from '@micromesh/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { WaitSlots } from './wait-slots.js';

let clock: FakeClock;
let logged: string[];
let slots: WaitSlots;

beforeEach(() => {
  clock = new FakeClock();
  logged = [];
  const log = (_fields: object, message: string) => logged.push(message.split(':')[0] ?? '');
  const logger = { debug: log, info: log, warn: log, error: log };
  slots = new WaitSlots({ max: 20, registry: 'consul', clock, logger });
});

/** Takes slots until there are no more, and gives how to give them back. */
function takeAll(): (() => void)[] {
  const taken: (() => void)[] = [];
  for (let release = slots.take(); release !== undefined; release = slots.take()) taken.push(release);
  return taken;
}

const FULL = 'more is watched than there are connections for watches (maxWatchConnections)';

describe('slots for blocking queries', () => {
  it('are as many as the bound says, and are taken again when given back', () => {
    const taken = takeAll();
    expect(taken).toHaveLength(20);
    taken.pop()?.();
    expect(takeAll()).toHaveLength(1);
    expect(logged).toEqual([FULL]);
  });

  it('are fewer after an agent has refused connections, by a quarter of those that it took', async () => {
    const taken = Array.from({ length: 12 }, () => slots.take());
    slots.refused();
    slots.refused();
    for (const release of taken) release?.();
    expect(takeAll()).toHaveLength(9);
    expect(logged).toEqual(['the agent refuses connections']);
  });

  it('are never fewer than one', async () => {
    for (let time = 0; time < 10; time++) {
      slots.refused();
      await clock.advance(1_000);
    }
    expect(takeAll()).toHaveLength(1);
    expect(logged).toEqual(['the agent refuses connections']);
  });

  it('grow to the bound again while no connection is refused', async () => {
    slots.refused();
    const counts: number[] = [];
    for (let time = 0; time < 12; time++) {
      const taken = takeAll();
      counts.push(taken.length);
      for (const release of taken) release();
      await clock.advance(15_000);
    }
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 20]);
    expect(logged.at(-2)).toBe('the agent takes connections again');
    expect(clock.pendingTimers).toBe(0);
  });

  it('who has none asks once a second, and all of them together a hundred times', () => {
    expect(slots.pollMs).toBe(1_000);
    const leave = Array.from({ length: 320 }, () => slots.join());
    expect(slots.pollMs).toBe(3_000);
    for (const each of leave) each();
    expect(slots.pollMs).toBe(1_000);
  });
});
