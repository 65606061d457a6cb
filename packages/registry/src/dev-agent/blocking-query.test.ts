import { FakeClock } from '@micromesh/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { answerQuery, readQueryOptions } from './blocking-query.js';
import { Changes } from './changes.js';

let clock: FakeClock;
let changes: Changes;
let indexLag: number;

beforeEach(() => {
  clock = new FakeClock();
  changes = new Changes();
  indexLag = 0;
});

function start(query: string, index: () => number, gone = new AbortController()) {
  const world = { changes, clock, random: () => 0.5, indexLag: () => indexLag };
  const read = () => ({ value: 'row', index: index(), wokenBy: (topic: string) => topic === 'mine' });
  const result: { index?: string | undefined } = {};
  const done = answerQuery(readQueryOptions(new URLSearchParams(query)), gone.signal, world, read).then(
    ({ headers }) => {
      result.index = headers['X-Consul-Index'];
    },
  );
  return { result, done, gone };
}

describe('a blocking query', () => {
  it('is answered at once without an index, and with one that is behind', async () => {
    await start('', () => 7).done;
    await start('index=6&wait=10s', () => 7).done;
    const none = start('', () => 0);
    await none.done;
    expect(none.result.index).toBe('1');
  });

  it('waits for a later index of its own row, and sleeps through all other writes', async () => {
    let index = 7;
    const { result, done } = start('index=7&wait=10s', () => index);
    changes.publish(new Set(['other']));
    changes.publish(new Set(['mine']));
    await clock.settle();
    expect(result).toEqual({});
    index = 9;
    changes.publish(new Set(['other']));
    await clock.settle();
    expect(result).toEqual({});
    changes.publish(new Set(['mine']));
    await done;
    expect(result.index).toBe('9');
    expect([changes.waiting, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('is answered when its wait and up to a sixteenth more are over', async () => {
    const { result } = start('index=7&wait=16s', () => 7);
    await clock.advance(16_499);
    expect(result).toEqual({});
    await clock.advance(1);
    expect(result.index).toBe('7');
  });

  it('ends when its client goes, and leaves nothing', async () => {
    const { done, gone } = start('index=7', () => 7);
    await clock.settle();
    expect([changes.waiting, clock.pendingTimers]).toEqual([1, 1]);
    gone.abort();
    await done;
    expect([changes.waiting, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('goes on by small indexes after they went backwards', async () => {
    indexLag = 100;
    let index = 107;
    const first = start('', () => index);
    await first.done;
    expect(first.result.index).toBe('7');
    const next = start('index=7&wait=10s', () => index);
    await clock.settle();
    expect(next.result).toEqual({});
    index = 108;
    changes.publish(new Set(['mine']));
    await next.done;
    expect(next.result.index).toBe('8');
  });
});
