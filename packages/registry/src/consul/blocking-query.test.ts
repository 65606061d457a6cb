import { silentLogger } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type BlockingAnswer, BlockingQuery } from './blocking-query.js';
import { WaitSlots } from './wait-slots.js';

type Reply = BlockingAnswer<string> | Error;

interface Asked {
  readonly at: number;
  readonly index: bigint | undefined;
  readonly waitMs: number | undefined;
  answer(reply: Reply): Promise<void>;
}

/** A blocking query whose every answer is given by the test. */
class Scripted {
  readonly clock = new FakeClock();
  readonly asked: Asked[] = [];
  readonly told: string[] = [];
  readonly waits = new WaitSlots({ max: 1, registry: 'scripted', clock: this.clock, logger: silentLogger });
  #last: string | undefined;
  readonly query = new BlockingQuery<string>({
    ask: (wait, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
        this.asked.push({
          at: this.clock.now(),
          index: wait?.index,
          waitMs: wait?.waitMs,
          answer: (reply) => {
            if (reply instanceof Error) reject(reply);
            else resolve(reply);
            return this.clock.settle();
          },
        });
      }),
    onAnswer: (value) => {
      const changed = value !== this.#last;
      this.#last = value;
      this.told.push(value);
      return changed;
    },
    onDoubt: (value) => this.told.push(`doubt ${value}`),
    onFailure: (error) => this.told.push(`failure ${error}`),
    onRecovery: () => this.told.push('recovery'),
    minIntervalMs: 100,
    waitMs: 30_000,
    waits: this.waits,
    retry: { baseMs: 100, maxMs: 2_000 },
    clock: this.clock,
    random: () => 1,
  });
  readonly ended = this.query.run();

  get last(): Asked {
    const last = this.asked.at(-1);
    if (last === undefined) throw new Error('nothing was asked');
    return last;
  }

  /** What was asked, as `time index`. */
  get requests(): string[] {
    return this.asked.map(({ at, index }) => `${at} ${index ?? '-'}`);
  }

  /** Answers the open question at once, and gives the ms that pass until the next one is asked. */
  async pauseAfter(reply: Reply): Promise<number> {
    const count = this.asked.length;
    const from = this.clock.now();
    await this.last.answer(reply);
    while (this.asked.length === count && this.clock.now() < from + 60_000) await this.clock.advance(50);
    return this.last.at - from;
  }

  /** Answers the open question after `afterMs`. */
  async reply(afterMs: number, reply: Reply): Promise<void> {
    await this.clock.advance(afterMs);
    await this.last.answer(reply);
  }
}

function answer(value: string, index: number | undefined, knownLeader = true): BlockingAnswer<string> {
  return { value, index: index === undefined ? undefined : BigInt(index), knownLeader };
}

let scripted: Scripted;

function start(): Scripted {
  scripted = new Scripted();
  return scripted;
}

afterEach(async () => {
  scripted.query.close();
  await scripted.ended;
  expect(scripted.clock.pendingTimers).toBe(0);
});

describe('BlockingQuery', () => {
  it('asks for the state as it is, then waits for the change after it', async () => {
    const { requests: none } = start();
    expect(none).toEqual(['0 -']);
    await scripted.reply(0, answer('a', 10));
    expect(scripted.requests).toEqual(['0 -', '0 10']);
    await scripted.reply(5_000, answer('b', 11));
    expect(scripted.requests).toEqual(['0 -', '0 10', '5000 11']);
    expect(scripted.told).toEqual(['a', 'b']);
  });

  it('takes an unchanged index for a wait that has passed', async () => {
    start();
    await scripted.reply(0, answer('a', 10));
    await scripted.reply(30_000, answer('a', 10));
    expect(scripted.requests).toEqual(['0 -', '0 10', '30000 10']);
  });

  it('forgets an index that goes backwards', async () => {
    start();
    await scripted.reply(0, answer('a', 10));
    await scripted.reply(5_000, answer('b', 4));
    expect(scripted.requests).toEqual(['0 -', '0 10', '5000 -']);
    await scripted.reply(0, answer('b', 4));
    expect(scripted.requests).toEqual(['0 -', '0 10', '5000 -', '5000 4']);
  });

  it('does not spin on an index that goes backwards each time', async () => {
    start();
    for (let round = 0; round < 20; round++) {
      await scripted.reply(0, answer('a', 10));
      await scripted.reply(0, answer('a', 4));
      await scripted.clock.advance(1_000);
    }
    expect(scripted.asked.length).toBeLessThanOrEqual(42);
  });

  it('never sends an index of 0, and asks without one once a second where there is none', async () => {
    start();
    await scripted.reply(0, answer('a', undefined));
    await scripted.clock.advance(999);
    expect(scripted.requests).toEqual(['0 -']);
    await scripted.reply(1, answer('a', undefined));
    await scripted.clock.advance(1_000);
    expect(scripted.requests).toEqual(['0 -', '1000 -', '2000 -']);
  });

  it('pauses while changes keep coming', async () => {
    start();
    await scripted.reply(0, answer('0', 1));
    for (let index = 2; index < 12; index++) {
      await scripted.reply(0, answer(String(index), index));
      await scripted.clock.advance(100);
    }
    expect(scripted.requests.slice(1, 5)).toEqual(['0 1', '100 2', '200 3', '300 4']);
    expect(scripted.told).toHaveLength(11);
  });

  it('pauses longer while an index moves without a change, up to a second', async () => {
    start();
    await scripted.reply(0, answer('a', 1));
    const pauses: number[] = [];
    for (let index = 2; index < 8; index++) pauses.push(await scripted.pauseAfter(answer('a', index)));
    expect(pauses).toEqual([200, 400, 800, 1_000, 1_000, 1_000]);
    expect(await scripted.pauseAfter(answer('b', 9))).toBe(100);
  });

  it('asks again at once, and says nothing, when a wait is cut', async () => {
    start();
    await scripted.reply(0, answer('a', 10));
    await scripted.reply(7_000, new Error('reset'));
    expect(scripted.requests).toEqual(['0 -', '0 10', '7000 -']);
    await scripted.reply(0, answer('a', 10));
    expect(scripted.told).toEqual(['a', 'a', 'recovery']);
  });

  it('says so when asking again fails as well, and comes back with growing waits', async () => {
    start();
    await scripted.reply(0, answer('a', 10));
    await scripted.reply(7_000, new Error('reset'));
    const waits: number[] = [];
    for (let failure = 0; failure < 7; failure++) waits.push(await scripted.pauseAfter(new Error('refused')));
    expect(waits).toEqual([200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
    expect(scripted.told.slice(0, 3)).toEqual(['a', 'failure refused', 'failure refused']);
    await scripted.reply(0, answer('b', 3));
    expect(scripted.told.slice(-2)).toEqual(['b', 'recovery']);
    expect(scripted.last.index).toBe(3n);
  });

  it('forgets the index after a failure: a registry that came back empty counts from the start', async () => {
    start();
    await scripted.reply(0, answer('a', 500));
    await scripted.reply(7_000, new Error('reset'));
    await scripted.reply(0, answer('', 12));
    expect(scripted.requests).toEqual(['0 -', '0 500', '7000 -', '7000 12']);
  });

  it('does not spin where waits are always cut', async () => {
    start();
    for (let round = 0; round < 10; round++) {
      await scripted.clock.advance(2_000);
      await scripted.last.answer(scripted.last.index === undefined ? answer('a', 10) : new Error('reset'));
      await scripted.last.answer(scripted.last.index === undefined ? answer('a', 10) : new Error('reset'));
    }
    expect(scripted.asked.length).toBeLessThanOrEqual(30);
    expect(scripted.told).toContain('failure reset');
  });

  it('doubts what a server without a leader says, and asks again', async () => {
    start();
    await scripted.reply(0, answer('old', 10, false));
    expect(scripted.told).toEqual(['doubt old', 'failure the server knows no leader']);
    await scripted.clock.advance(100);
    expect(scripted.requests).toEqual(['0 -', '100 -']);
    await scripted.reply(0, answer('new', 11));
    expect(scripted.told.slice(2)).toEqual(['new', 'recovery']);
  });

  it('waits for a short time first, and longer once that was answered', async () => {
    start();
    await scripted.reply(0, answer('a', 10));
    await scripted.reply(2_000, answer('a', 10));
    await scripted.reply(30_000, answer('a', 10));
    await scripted.reply(0, new Error('reset'));
    await scripted.clock.advance(100);
    await scripted.reply(0, answer('a', 10));
    expect(scripted.asked.map(({ waitMs }) => waitMs)).toEqual([
      undefined,
      2_000,
      30_000,
      30_000,
      undefined,
      2_000,
    ]);
  });

  it('asks once a second, without waiting, while there is no slot, and waits as soon as there is one', async () => {
    start();
    const release = scripted.waits.take();
    await scripted.reply(0, answer('a', 10));
    await scripted.clock.advance(1_249);
    expect(scripted.requests).toEqual(['0 -']);
    await scripted.reply(1, answer('b', 11));
    await scripted.clock.advance(1_250);
    expect(scripted.requests).toEqual(['0 -', '1250 -', '2500 -']);
    await scripted.reply(0, answer('b', 11));
    release?.();
    await scripted.clock.advance(1_250);
    expect(scripted.requests.slice(3)).toEqual(['2600 11']);
    expect(scripted.waits.take()).toBeUndefined();
  });

  it('says nothing when one question in between fails, and gives its slot back when it ends', async () => {
    start();
    const release = scripted.waits.take();
    await scripted.reply(0, answer('a', 10));
    await scripted.reply(1_250, new Error('reset'));
    await scripted.reply(100, answer('a', 10));
    expect(scripted.told).toEqual(['a', 'a', 'recovery']);
    release?.();
    await scripted.clock.advance(1_250);
    scripted.query.close();
    await scripted.ended;
    expect(scripted.waits.take()).toBeDefined();
  });

  it('ends when closed in a wait, and when closed in a question', async () => {
    const first = start();
    first.query.close();
    await first.ended;
    start();
    await scripted.reply(0, new Error('refused'));
    scripted.query.close();
    await scripted.ended;
    expect(scripted.asked).toHaveLength(1);
    expect(scripted.told).toEqual(['failure refused']);
  });
});
