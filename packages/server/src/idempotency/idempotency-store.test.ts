import { FakeClock } from '@micromesh/core/testing';
import { MemoryKeyValueStore } from '@micromesh/registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  IdempotencyClaim,
  IdempotencyStore,
  IdempotencyVerdict,
  KeyedCall,
  StoredAnswer,
} from './idempotency-store.js';
import { keyValueIdempotencyStore } from './key-value-idempotency-store.js';
import { memoryIdempotencyStore } from './memory-idempotency-store.js';
import type { StoreLimits } from './store-limits.js';

const never = new AbortController().signal;

function call(key: string, change: Partial<KeyedCall> = {}): KeyedCall {
  return { key, service: 'shop.v1.Till', body: 'body', onLostOwner: 'refuse', ...change };
}

function answer(text: string): StoredAnswer {
  return {
    response: Buffer.from(text),
    header: [['from', 'handler']],
    trailer: [
      ['cost', '1'],
      ['trace-bin', Buffer.from([0, 255])],
    ],
  };
}

function claimIn(verdict: IdempotencyVerdict): IdempotencyClaim {
  if (verdict.kind !== 'run') throw new Error(`expected to run, but: ${verdict.kind}`);
  return verdict.claim;
}

let clock = new FakeClock();
let store: IdempotencyStore;

beforeEach(() => {
  clock = new FakeClock();
});

afterEach(async () => {
  await store.close();
  expect(clock.pendingTimers).toBe(0);
});

describe.each([
  ['in memory', (limits: StoreLimits) => memoryIdempotencyStore({ clock, ...limits })],
  [
    'in a key-value store',
    (limits: StoreLimits) =>
      keyValueIdempotencyStore(new MemoryKeyValueStore(), { clock, random: () => 0.5, ...limits }),
  ],
])('a store of idempotency keys %s', (_, open) => {
  /** What a call is told, once time has passed. */
  async function told(keyed: KeyedCall, signal = never): Promise<IdempotencyVerdict> {
    const verdict = store.begin(keyed, signal);
    await clock.advance(1_000);
    return verdict;
  }

  async function completed(keyed: KeyedCall, stored: StoredAnswer): Promise<void> {
    await claimIn(await told(keyed)).complete(stored);
  }

  it('tells the first to run, and gives its answer to all who follow', async () => {
    store = open({});
    await completed(call('a'), answer('first'));
    expect(await told(call('a'))).toEqual({ kind: 'answered', answer: answer('first') });
    expect(await told(call('a'))).toEqual({ kind: 'answered', answer: answer('first') });
    expect((await told(call('b'))).kind).toBe('run');
  });

  it('refuses the key with another body, running or ended', async () => {
    store = open({});
    const claim = claimIn(await told(call('a')));
    expect(await told(call('a', { body: 'other' }))).toEqual({ kind: 'otherBody' });
    await claim.complete(answer('first'));
    expect(await told(call('a', { body: 'other' }))).toEqual({ kind: 'otherBody' });
  });

  it('lets replays wait for the first, and gives them its answer', async () => {
    store = open({});
    const claim = claimIn(await told(call('a')));
    const waiting = [store.begin(call('a'), never), store.begin(call('a'), never)];
    await clock.advance(2_000);
    await claim.complete(answer('late'));
    await clock.advance(1_000);
    for (const each of waiting) expect(await each).toEqual({ kind: 'answered', answer: answer('late') });
  });

  it('lets one of those that wait run, when the first has failed', async () => {
    store = open({});
    const claim = claimIn(await told(call('a')));
    const waiting = [1, 2, 3].map(() => store.begin(call('a'), never));
    await claim.release();
    await clock.advance(1_000);
    const second = await Promise.race(waiting);
    await claimIn(second).complete(answer('second'));
    await clock.advance(1_000);
    const kinds = (await Promise.all(waiting)).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['answered', 'answered', 'run']);
  });

  it('lets go of who waits when its time is over', async () => {
    store = open({});
    const claim = claimIn(await told(call('a')));
    const abort = new AbortController();
    const waiting = store.begin(call('a'), abort.signal);
    const refused = expect(waiting).rejects.toThrow('over');
    await clock.advance(100);
    abort.abort(new Error('over'));
    await clock.settle();
    await refused;
    await claim.complete(answer('first'));
    expect((await told(call('a'))).kind).toBe('answered');
  });

  it('forgets an answer after its time', async () => {
    store = open({ ttlMs: 10_000 });
    await completed(call('a'), answer('first'));
    await clock.advance(8_000);
    expect((await told(call('a'))).kind).toBe('answered');
    await clock.advance(2_000);
    expect((await told(call('a'))).kind).toBe('run');
  });

  it('holds no more keys than it may: the oldest answers go', async () => {
    store = open({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c', 'd']) await completed(call(key), answer(key));
    await clock.settle();
    expect((await told(call('b'))).kind).toBe('answered');
    expect((await told(call('d'))).kind).toBe('answered');
    expect((await told(call('a'))).kind).toBe('run');
  });

  it('counts running calls among its keys', async () => {
    store = open({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) await completed(call(key), answer(key));
    expect((await told(call('d'))).kind).toBe('run');
    expect((await told(call('b'))).kind).toBe('answered');
    expect((await told(call('a'))).kind).toBe('run');
  });

  it('holds no more bytes than it may', async () => {
    store = open({ maxBytes: 3_000 });
    for (const key of ['a', 'b', 'c']) await completed(call(key), answer(key.repeat(1_000)));
    await clock.settle();
    expect((await told(call('a'))).kind).toBe('run');
    expect((await told(call('c'))).kind).toBe('answered');
  });

  it('refuses more running calls than it has room for, and says so', async () => {
    store = open({ maxEntries: 2 });
    await completed(call('old'), answer('old'));
    const claims = [claimIn(await told(call('a'))), claimIn(await told(call('b')))];
    expect(await told(call('c'))).toEqual({
      kind: 'full',
      cause: '2 calls with keys are running (maxEntries)',
    });
    await claims[0]?.release();
    expect((await told(call('c'))).kind).toBe('run');
  });

  it('remembers that a call ran whose answer is too long to keep', async () => {
    store = open({ maxBytes: 600 * 1024 });
    await completed(call('a'), answer('x'.repeat(600 * 1024)));
    expect((await told(call('a'))).kind).toBe('unkept');
    expect(await told(call('a', { body: 'other' }))).toEqual({ kind: 'otherBody' });
  });

  it('turns all away when closed, those that wait as well', async () => {
    store = open({});
    const claim = claimIn(await told(call('a')));
    const refused = expect(store.begin(call('a'), never)).rejects.toThrow(/closed/);
    await clock.settle();
    await store.close();
    await clock.settle();
    await refused;
    await claim.complete(answer('too late'));
    await expect(store.begin(call('b'), never)).rejects.toThrow(/closed/);
  });

  it.each([
    [{ ttlMs: 10 }, /ttlMs: 10 is out of range/],
    [{ maxEntries: 0 }, /maxEntries: 0 is out of range/],
    [{ maxBytes: 0.5 }, /maxBytes: 0.5 is not an integer/],
    [{ ttlMs: 1_000, maxEntrys: 1 }, /did you mean maxEntries\?/],
  ])('refuses the options %j', (limits, message) => {
    expect(() => open(limits)).toThrow(message);
    store = open({});
  });
});
