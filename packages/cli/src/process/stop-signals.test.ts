import { EventEmitter } from 'node:events';
import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, test } from 'vitest';
import { type StopCause, watchForStop } from './stop-signals.js';

function setUp({ watchParent = true } = {}) {
  const source = new EventEmitter();
  const parent = { gone: false };
  const clock = new FakeClock();
  const causes: StopCause[] = [];
  let forced = 0;
  const stopSignals = watchForStop({
    ...{ source, clock, parentGone: watchParent ? () => parent.gone : undefined },
    onStop: (cause) => causes.push(cause),
    onForce: () => {
      forced++;
    },
  });
  return { source, parent, clock, causes, stopSignals, forced: () => forced };
}

describe('watchForStop', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('stops at %s', (signal) => {
    const { source, causes } = setUp();
    source.emit(signal);
    expect(causes).toEqual([signal]);
  });

  test('takes a signal that comes twice within 500 ms for one', async () => {
    const { source, clock, causes, forced } = setUp();
    source.emit('SIGINT');
    await clock.advance(1);
    source.emit('SIGINT');
    source.emit('SIGTERM');
    expect(causes).toEqual(['SIGINT']);
    expect(forced()).toBe(0);
  });

  test('forces the end at a signal that comes later', async () => {
    const { source, clock, forced } = setUp();
    source.emit('SIGINT');
    await clock.advance(500);
    source.emit('SIGINT');
    expect(forced()).toBe(1);
  });

  test('stops when the parent has gone, where that counts', async () => {
    const { parent, clock, causes } = setUp();
    await clock.advance(1_000);
    parent.gone = true;
    await clock.advance(200);
    expect(causes).toEqual(['parent']);
  });

  test('leaves no listener and no timer behind', () => {
    const { source, clock, stopSignals } = setUp();
    stopSignals.close();
    expect(source.eventNames()).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
