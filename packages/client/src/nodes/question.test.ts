import { Metadata, status } from '@grpc/grpc-js';
import type { Outcome } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, it } from 'vitest';
import type { Connection, WireListener } from '../transport/transport.js';
import { answerMs, Question } from './question.js';

const UNIMPLEMENTED: Outcome = {
  code: status.UNIMPLEMENTED,
  details: '',
  trailers: new Metadata(),
  origin: 'remote',
  delivery: 'answered',
  reason: 'none',
};

function connectionThatHands(take: (listener: WireListener) => void): Connection {
  return {
    state: 'ready',
    call(_request, listener) {
      take(listener);
      return { send() {}, halfClose() {}, read() {}, cancel() {}, peer: () => '' };
    },
    close() {},
  };
}

describe('the wait for the answer to a question', () => {
  it.each([
    ['a quarter of what is left, up to a second', 2000, 500],
    ['a quarter of what is left, up to a second', 60_000, 1000],
    ['long enough for a process that shares its cores', 700, 200],
    ['half of what is left, where that is not much', 300, 150],
    ['no less than 100 ms, however little is left', 50, 100],
  ])('is %s', (_, leftMs, expected) => {
    expect(answerMs(5000 + leftMs, 5000)).toBe(expected);
  });

  it('is longer where the node has just begun', () => {
    expect([700, 2000, 60_000].map((leftMs) => answerMs(leftMs, 0, true))).toEqual([350, 500, 1000]);
  });
});

describe('a question', () => {
  it('is answered by any status at all', async () => {
    const clock = new FakeClock();
    const question = new Question(
      connectionThatHands((listener) => queueMicrotask(() => listener.onEnd(UNIMPLEMENTED))),
      clock,
      100,
    );
    expect(await question.verdict).toBe('alive');
    expect(clock.pendingTimers).toBe(0);
  });

  it('finds silence after its time, and hears the answer that comes later', async () => {
    const clock = new FakeClock();
    let listener: WireListener | undefined;
    const question = new Question(
      connectionThatHands((given) => {
        listener = given;
      }),
      clock,
      100,
    );
    await clock.advance(100);
    expect(await question.verdict).toBe('silent');
    listener?.onEnd(UNIMPLEMENTED);
    expect(await question.end).toBe('alive');
  });

  it('is judged though this process stands still again and again', async () => {
    const clock = new FakeClock();
    const question = new Question(
      connectionThatHands(() => {}),
      clock,
      200,
    );
    let verdict: string | undefined;
    void question.verdict.then((given) => {
      verdict = given;
    });
    for (const stallMs of [260, 160, 110]) {
      clock.standStill(stallMs);
      await clock.settle();
    }
    expect(verdict).toBeUndefined();
    await clock.advance(50);
    expect(verdict).toBe('silent');
  });

  it('does not take an own standstill for the silence of the node', async () => {
    const clock = new FakeClock();
    let listener: WireListener | undefined;
    const question = new Question(
      connectionThatHands((given) => {
        listener = given;
      }),
      clock,
      100,
    );
    clock.standStill(2000);
    await clock.settle();
    listener?.onEnd(UNIMPLEMENTED);
    expect(await question.verdict).toBe('alive');
  });
});
