import { FakeClock } from '@micromesh/core/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { drainOnSignals } from './signals.js';

afterEach(() => vi.restoreAllMocks());

function target(clock: FakeClock, log: string[], name = '') {
  return {
    signals: ['SIGUSR2', 'SIGHUP'] as const,
    clock,
    drain: (signal: string) => log.push(`${name}drain ${signal}`),
    abandon: (signal: string) => log.push(`${name}abandon ${signal}`),
  };
}

describe('signals', () => {
  it('drain at the first, take repeats within 500 ms for the same, exit at once at the second', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
    const clock = new FakeClock();
    const log: string[] = [];
    const off = drainOnSignals(target(clock, log));
    process.emit('SIGUSR2', 'SIGUSR2');
    await clock.advance(499);
    process.emit('SIGHUP', 'SIGHUP');
    expect(log).toEqual(['drain SIGUSR2']);
    expect(exit).not.toHaveBeenCalled();
    await clock.advance(1);
    process.emit('SIGHUP', 'SIGHUP');
    expect(log).toEqual(['drain SIGUSR2', 'abandon SIGHUP']);
    expect(exit).toHaveBeenCalledWith(129);
    off();
  });

  it('are listened to once a process, however many servers it has, until the last has gone', () => {
    const before = process.listenerCount('SIGUSR2');
    const log: string[] = [];
    const offs = Array.from({ length: 20 }, (_, index) =>
      drainOnSignals(target(new FakeClock(), log, `${index} `)),
    );
    expect(process.listenerCount('SIGUSR2')).toBe(before + 1);
    process.emit('SIGUSR2', 'SIGUSR2');
    expect(log).toHaveLength(20);
    for (const off of offs) off();
    expect(process.listenerCount('SIGUSR2')).toBe(before);
    expect(process.listenerCount('SIGHUP')).toBe(0);
  });
});
