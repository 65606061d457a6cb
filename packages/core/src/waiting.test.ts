import { describe, expect, test } from 'vitest';
import type { Timer } from './clock.js';
import { FakeClock } from './testing/index.js';
import { abortable, sleep, within } from './waiting.js';

describe('sleep', () => {
  test('resolves after its time', async () => {
    const clock = new FakeClock();
    let awake = false;
    const asleep = sleep(clock, 100).then(() => {
      awake = true;
    });
    await clock.advance(99);
    expect(awake).toBe(false);
    await clock.advance(1);
    await asleep;
    expect(awake).toBe(true);
  });

  test('resolves at once for no time, and for a signal that has aborted, without a timer', async () => {
    const clock = new FakeClock();
    await sleep(clock, 0);
    await sleep(clock, 100, AbortSignal.abort());
    expect(clock.pendingTimers).toBe(0);
  });

  test('resolves when the signal aborts and leaves no timer', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const asleep = sleep(clock, 100, controller.signal);
    controller.abort(new Error('enough'));
    await expect(asleep).resolves.toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });

  test('keeps the process running unless it is told not to', () => {
    const clock = new RecordingClock();
    void sleep(clock, 100);
    void sleep(clock, 100, undefined, false);
    expect(clock.keptAlive).toEqual([true, false]);
  });
});

class RecordingClock extends FakeClock {
  readonly keptAlive: boolean[] = [];

  override setTimer(delayMs: number, fire: () => void, keepAlive = true): Timer {
    this.keptAlive.push(keepAlive);
    return super.setTimer(delayMs, fire);
  }
}

describe('within', () => {
  const late = () => {
    throw new Error('late');
  };

  test('gives what the work gives and leaves no timer', async () => {
    const clock = new FakeClock();
    await expect(within(clock, 100, Promise.resolve(7), late)).resolves.toBe(7);
    expect(clock.pendingTimers).toBe(0);
  });

  test('rejects as the work does and leaves no timer', async () => {
    const clock = new FakeClock();
    await expect(within(clock, 100, Promise.reject(new Error('broken')), late)).rejects.toThrow('broken');
    expect(clock.pendingTimers).toBe(0);
  });

  test('gives the other value when the time is over', async () => {
    const clock = new FakeClock();
    const waiting = within(clock, 100, new Promise(() => {}), () => 'nothing');
    await clock.advance(100);
    await expect(waiting).resolves.toBe('nothing');
  });

  test('rejects with what is thrown when the time is over', async () => {
    const clock = new FakeClock();
    const failed = expect(within(clock, 100, new Promise(() => {}), late)).rejects.toThrow('late');
    await clock.advance(100);
    await failed;
  });

  test('is over when the signal aborts, also where it had, and leaves no timer', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const waiting = within(clock, 100, new Promise(() => {}), () => 'nothing', controller.signal);
    controller.abort();
    await expect(waiting).resolves.toBe('nothing');
    const again = within(clock, 100, new Promise(() => {}), () => 'nothing', controller.signal);
    await expect(again).resolves.toBe('nothing');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('abortable', () => {
  test('gives what the work gives', async () => {
    await expect(abortable(Promise.resolve(7), new AbortController().signal)).resolves.toBe(7);
  });

  test('rejects at once with the reason of the signal', async () => {
    const controller = new AbortController();
    const work = abortable(new Promise(() => {}), controller.signal);
    controller.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
  });
});
