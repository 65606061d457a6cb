import { Readable } from 'node:stream';
import { FakeClock } from '@micromesh/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { graceOf, RequestStream } from './request-stream.js';

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('the requests of a call', () => {
  it('come in order, none lost and none twice, however sender and reader take turns', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('push', 'next', 'turn'), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        async (steps, highWaterMark) => {
          const source = new Readable({ objectMode: true, highWaterMark, read() {} });
          const clock = new FakeClock();
          const requests = new RequestStream(source, graceOf(clock));
          const results: Promise<IteratorResult<unknown>>[] = [];
          let pushed = 0;
          for (const step of steps) {
            if (step === 'push') source.push({ number: pushed++ });
            else if (step === 'next') results.push(requests.next());
            else await turn();
          }
          source.push(null);
          while (results.length <= pushed) results.push(requests.next());
          await turn();
          await clock.advance(10);
          const received = await Promise.all(results);
          const values = received.filter(({ done }) => done !== true).map(({ value }) => value);
          expect(values).toEqual(Array.from({ length: pushed }, (_, number) => ({ number })));
          expect(received.slice(pushed).every(({ done }) => done === true)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are not read before they are asked for', async () => {
    let reads = 0;
    const source = new Readable({
      objectMode: true,
      read() {
        reads++;
      },
    });
    const requests = new RequestStream(source);
    await turn();
    expect(reads).toBe(0);
    const next = requests.next();
    source.push('a');
    expect(await next).toEqual({ value: 'a', done: false });
    source.destroy();
  });

  it('fail for those that wait and those that will ask', async () => {
    const source = new Readable({ objectMode: true, read() {} });
    const requests = new RequestStream(source);
    const waiting = requests.next();
    requests.fail(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(requests.next()).rejects.toThrow('gone');
    source.destroy();
  });

  it('do not end when they were cancelled, which comes as an end and a failure soon after', async () => {
    const source = new Readable({ objectMode: true, read() {} });
    const clock = new FakeClock();
    const requests = new RequestStream(source, graceOf(clock));
    const waiting = requests.next();
    waiting.catch(() => {});
    source.push(null);
    for (let count = 0; count < 10; count++) await turn();
    await clock.advance(4);
    requests.fail(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
    await clock.advance(10);
    await expect(requests.next()).rejects.toThrow('cancelled');
    expect(clock.pendingTimers).toBe(0);
  });
});
