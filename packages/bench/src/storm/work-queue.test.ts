import { FakeClock } from 'micromesh/testing';
import { describe, expect, it } from 'vitest';
import { WorkQueue } from './work-queue.js';

function world() {
  const clock = new FakeClock();
  const done: string[] = [];
  const queue = new WorkQueue(clock, { workers: 2, workMs: 100, queue: 2 });
  const ask = (name: string, signal?: AbortSignal): void => {
    queue.work(signal).then(
      () => done.push(`${name} at ${clock.now()}`),
      (error: { code: number }) => done.push(`${name} ${error.code}`),
    );
  };
  return { clock, queue, done, ask };
}

describe('a work queue', () => {
  it('serves in order, as many at a time as it has workers, and refuses what it has no room for', async () => {
    const { clock, done, ask } = world();
    for (const name of ['a', 'b', 'c', 'd', 'e']) ask(name);
    await clock.advance(200);
    expect(done).toEqual(['e 14', 'a at 100', 'b at 100', 'c at 200', 'd at 200']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has fewer workers when told, once those that are busy are done, and more at once', async () => {
    const { clock, queue, done, ask } = world();
    for (const name of ['a', 'b', 'c', 'd']) ask(name);
    queue.staff(1);
    await clock.advance(150);
    queue.staff(2);
    await clock.advance(150);
    expect(done).toEqual(['a at 100', 'b at 100', 'c at 200', 'd at 250']);
  });

  it('works for who has gone as for others, unless it is told', async () => {
    const { clock, done, ask } = world();
    const gone = new AbortController();
    for (const name of ['a', 'b']) ask(name, gone.signal);
    ask('c');
    ask('d', gone.signal);
    gone.abort();
    await clock.advance(300);
    expect(done).toEqual(['d 1', 'a at 100', 'b at 100', 'c at 200']);
  });
});
