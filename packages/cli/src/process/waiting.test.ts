import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, test } from 'vitest';
import { abortable, sleep, untilAborted, within } from './waiting.js';

describe('sleep', () => {
  test('resolves after its time', async () => {
    const clock = new FakeClock();
    let awake = false;
    const asleep = sleep(clock, 100, new AbortController().signal).then(() => {
      awake = true;
    });
    await clock.advance(99);
    expect(awake).toBe(false);
    await clock.advance(1);
    await asleep;
    expect(awake).toBe(true);
  });

  test('rejects with the reason of an abort and leaves no timer', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const asleep = sleep(clock, 100, controller.signal);
    controller.abort(new Error('enough'));
    await expect(asleep).rejects.toThrow('enough');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('abortable', () => {
  test('gives what the work gives', async () => {
    await expect(abortable(Promise.resolve(7), new AbortController().signal)).resolves.toBe(7);
  });

  test('rejects at once when the signal aborts', async () => {
    const controller = new AbortController();
    const work = abortable(new Promise(() => {}), controller.signal);
    controller.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
  });
});

describe('within', () => {
  test('gives what the work gives and leaves no timer', async () => {
    const clock = new FakeClock();
    await expect(within(clock, 100, Promise.resolve(7), 'late')).resolves.toBe(7);
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
  });

  test('rejects when the time is over', async () => {
    const clock = new FakeClock();
    const work = within(clock, 100, new Promise(() => {}), 'late');
    const failed = expect(work).rejects.toThrow('late');
    await clock.advance(100);
    await failed;
  });
});

test('untilAborted resolves when the signal aborts', async () => {
  const controller = new AbortController();
  const waiting = untilAborted(controller.signal);
  controller.abort();
  await expect(waiting).resolves.toBeUndefined();
});
