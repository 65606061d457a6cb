import { silentLogger } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { type KeyValueStore, MemoryKeyValueStore, MemoryKeyValues, RegistryError } from '@micromesh/registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  IdempotencyClaim,
  IdempotencyStore,
  IdempotencyVerdict,
  KeyedCall,
  StoredAnswer,
} from './idempotency-store.js';
import { type KeyValueIdempotencyOptions, keyValueIdempotencyStore } from './key-value-idempotency-store.js';
import { readRecord } from './kv-record.js';
import { SwitchedKeyValues } from './testing/switched-key-values.js';

const never = new AbortController().signal;
const PREFIX = 'micromesh/idempotency/shop.v1.Till';

let clock = new FakeClock();
let values = new MemoryKeyValues();
let stores: IdempotencyStore[] = [];

beforeEach(() => {
  clock = new FakeClock();
  values = new MemoryKeyValues();
  stores = [];
});

afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  expect(clock.pendingTimers).toBe(0);
});

interface Node {
  readonly store: IdempotencyStore;
  readonly line: SwitchedKeyValues;
}

/** A node of the service, with its line to the key-value store that all nodes share. */
function node(options: KeyValueIdempotencyOptions = {}): Node {
  const line = new SwitchedKeyValues(new MemoryKeyValueStore(values));
  const store = keyValueIdempotencyStore(line, { clock, random: () => 0.5, ...options });
  stores.push(store);
  return { store, line };
}

function call(change: Partial<KeyedCall> = {}): KeyedCall {
  return { key: 'a', service: 'shop.v1.Till', body: 'body', onLostOwner: 'refuse', ...change };
}

function answer(text: string): StoredAnswer {
  return { response: Buffer.from(text), header: [], trailer: [] };
}

async function claimed({ store }: Node, keyed = call()): Promise<IdempotencyClaim> {
  const verdict = await store.begin(keyed, never);
  if (verdict.kind !== 'run') throw new Error(`expected to run, but: ${verdict.kind}`);
  return verdict.claim;
}

/** A verdict that is waited for, to be looked at without waiting. */
function follow(
  { store }: Node,
  keyed = call(),
): { verdict: IdempotencyVerdict | undefined; error: unknown } {
  const followed: { verdict: IdempotencyVerdict | undefined; error: unknown } = {
    verdict: undefined,
    error: undefined,
  };
  store.begin(keyed, never).then(
    (verdict) => {
      followed.verdict = verdict;
    },
    (error: unknown) => {
      followed.error = error;
    },
  );
  return followed;
}

function record() {
  const entry = values.get(`${PREFIX}/a`);
  return entry === undefined ? undefined : readRecord(entry.value);
}

describe('all nodes of a service', () => {
  it('give the answer of the one that ran the call', async () => {
    const [one, other] = [node(), node()];
    const claim = await claimed(one);
    const replay = follow(other);
    await clock.advance(5_000);
    expect(replay.verdict).toBeUndefined();
    await claim.complete(answer('once'));
    await clock.advance(300);
    expect(replay.verdict).toEqual({ kind: 'answered', answer: answer('once') });
  });

  it('believe a node that runs a long call, as long as it says so', async () => {
    const [one, other] = [node(), node()];
    const claim = await claimed(one);
    const replay = follow(other);
    await clock.advance(60_000);
    expect(replay.verdict).toBeUndefined();
    await claim.complete(answer('slow'));
    await clock.advance(300);
    expect(replay.verdict?.kind).toBe('answered');
  });

  it('refuse a call whose node died half-way, and do not run it', async () => {
    const [one, other, third] = [node(), node(), node()];
    await claimed(one);
    one.line.cut();
    const replay = follow(other);
    await clock.advance(2_900);
    expect(replay.verdict).toBeUndefined();
    await clock.advance(1_000);
    expect(replay.verdict).toMatchObject({ kind: 'unknown', cause: expect.stringContaining('has died') });
    // Whoever comes later need not wait for it again.
    expect(await third.store.begin(call(), never)).toMatchObject({ kind: 'unknown' });
  });

  it('run such a call again where they are told to, one of them', async () => {
    const [one, other, third] = [node(), node(), node()];
    await claimed(one);
    one.line.cut();
    const replays = [other, third].map((each) => follow(each, call({ onLostOwner: 'run' })));
    await clock.advance(5_000);
    const kinds = replays.map(({ verdict }) => verdict?.kind);
    expect(kinds.sort()).toEqual(['run', undefined]);
  });

  it('take the word of a node that was believed dead and has finished the call', async () => {
    const [one, other] = [node(), node()];
    const claim = await claimed(one);
    one.line.cut();
    const replay = follow(other);
    await clock.advance(5_000);
    expect(replay.verdict?.kind).toBe('unknown');
    one.line.mend();
    await claim.complete(answer('after all'));
    expect(await other.store.begin(call(), never)).toEqual({ kind: 'answered', answer: answer('after all') });
  });

  it('hear of a node that was cut off for a while that it still runs the call', async () => {
    const [one, other] = [node(), node()];
    await claimed(one);
    one.line.fail();
    const early = follow(other);
    await clock.advance(5_000);
    expect(early.verdict?.kind).toBe('unknown');
    expect(record()?.state.kind).toBe('lost');
    one.line.mend();
    await clock.advance(1_000);
    expect(record()?.state.kind).toBe('running');
  });

  it('keep the answer of the second where a call was run again, whatever the first says later', async () => {
    const [one, other] = [node(), node()];
    const first = await claimed(one);
    one.line.fail();
    const replay = follow(other, call({ onLostOwner: 'run' }));
    await clock.advance(5_000);
    if (replay.verdict?.kind !== 'run') throw new Error('it was not run again');
    await replay.verdict.claim.complete(answer('second'));
    one.line.mend();
    await first.complete(answer('first'));
    await clock.advance(5_000);
    expect(await other.store.begin(call(), never)).toEqual({ kind: 'answered', answer: answer('second') });
  });

  it('do not call a node dead while the store itself does not answer', async () => {
    const [one, other] = [node(), node()];
    await claimed(one);
    const replay = follow(other);
    await clock.advance(500);
    one.line.fail();
    other.line.fail();
    await clock.advance(20_000);
    expect(replay).toEqual({ verdict: undefined, error: undefined });
    one.line.mend();
    await clock.advance(1_500);
    other.line.mend();
    await clock.advance(2_000);
    expect(replay).toEqual({ verdict: undefined, error: undefined });
  });

  it('do not add up silences with an outage of the store between them', async () => {
    const [one, other] = [node(), node()];
    await claimed(one);
    const replay = follow(other);
    one.line.fail();
    await clock.advance(2_500);
    other.line.fail();
    // The node's next word is due 900 ms after the store is back.
    await clock.advance(20_600);
    one.line.mend();
    other.line.mend();
    await clock.advance(3_000);
    expect(replay.verdict).toBeUndefined();
  });

  it('do not call a node dead because they stood still themselves', async () => {
    const [one, other] = [node(), node()];
    await claimed(one);
    const replay = follow(other);
    await clock.advance(500);
    one.line.fail();
    clock.standStill(30_000);
    await clock.advance(500);
    one.line.mend();
    await clock.advance(2_000);
    expect(replay.verdict).toBeUndefined();
  });
});

describe('a key-value store that does not answer', () => {
  it('lets nothing run', async () => {
    const one = node();
    one.line.fail();
    await expect(one.store.begin(call(), never)).rejects.toThrow(RegistryError);
  });

  it('keeps no claim of which it said nothing', async () => {
    const [one, other] = [node(), node()];
    one.line.loseAnswers();
    await expect(one.store.begin(call(), never)).rejects.toThrow(RegistryError);
    expect(record()?.state.kind).toBe('running');
    one.line.mend();
    await clock.advance(2_500);
    expect(record()).toBeUndefined();
    expect((await other.store.begin(call(), never)).kind).toBe('run');
  });

  it('gets the end of a call when it is back; the caller does not wait for it', async () => {
    const [one, other] = [node(), node()];
    const claim = await claimed(one);
    one.line.fail();
    let done = false;
    const completing = claim.complete(answer('kept')).then(() => {
      done = true;
    });
    await clock.advance(900);
    expect(done).toBe(false);
    await clock.advance(200);
    await completing;
    one.line.mend();
    await clock.advance(2_500);
    expect(await other.store.begin(call(), never)).toEqual({ kind: 'answered', answer: answer('kept') });
  });

  it('gets an answer once, also when it took it without a word', async () => {
    const [one, other] = [node(), node()];
    const claim = await claimed(one);
    one.line.loseAnswers();
    const completing = claim.complete(answer('kept'));
    await clock.advance(1_100);
    await completing;
    one.line.mend();
    await clock.advance(2_500);
    expect(await other.store.begin(call(), never)).toEqual({ kind: 'answered', answer: answer('kept') });
  });

  it('that comes back empty is told again that a call runs', async () => {
    const one = node();
    await claimed(one);
    values.delete(`${PREFIX}/a`, undefined);
    await clock.advance(1_500);
    expect(record()?.state.kind).toBe('running');
  });
});

describe('what is over', () => {
  it('is swept away, also what dead nodes have left', async () => {
    const [dead, alive] = [node({ ttlMs: 10_000 }), node({ ttlMs: 10_000 })];
    await (await claimed(dead)).complete(answer('left'));
    await claimed(dead, call({ key: 'b' }));
    dead.line.cut();
    await clock.advance(8_000);
    await (await claimed(alive, call({ key: 'c' }))).complete(answer('new'));
    expect(values.list('')).toHaveLength(3);
    await clock.advance(9_000);
    expect(values.list('').map(({ key }) => key)).toEqual([`${PREFIX}/c`]);
    await clock.advance(10_000);
    expect(values.list('')).toEqual([]);
  });

  it('is swept down to the limits for all nodes together', async () => {
    const nodes = [node({ maxEntries: 4 }), node({ maxEntries: 4 })];
    for (let n = 0; n < 8; n++) {
      await (await claimed(nodes[n % 2] ?? node(), call({ key: `k${n}` }))).complete(answer('x'));
      await clock.advance(1);
    }
    expect(values.list('')).toHaveLength(8);
    await clock.advance(300_000);
    expect(values.list('').map(({ key }) => key.slice(-2))).toEqual(['k4', 'k5', 'k6', 'k7']);
  });

  it('leaves alone what it cannot read, and runs nothing by it', async () => {
    const one = node({ ttlMs: 1_000 });
    values.put(`${PREFIX}/a`, '{"version":2}', undefined);
    await (await claimed(one, call({ key: 'b' }))).complete(answer('x'));
    await clock.advance(5_000);
    expect(values.list('').map(({ key }) => key)).toEqual([`${PREFIX}/a`]);
    expect(await one.store.begin(call(), never)).toMatchObject({ kind: 'unknown' });
  });
});

describe('the limit of a node', () => {
  let warnings = 0;
  const logger = {
    ...silentLogger,
    warn: () => {
      warnings += 1;
    },
  };
  const run = async (on: Node, key: string) => (await claimed(on, call({ key }))).complete(answer('x'));

  beforeEach(() => {
    warnings = 0;
  });

  it('counts nothing that another node has swept away', async () => {
    const one = node({ maxEntries: 3, random: () => 1, logger });
    // It sweeps before the first does, and keeps less.
    const other = node({ maxEntries: 1, random: () => 0 });
    await run(one, 'k0');
    await run(one, 'k1');
    await clock.advance(1);
    await run(other, 'k2');
    await clock.advance(200_000);
    expect(values.list('').map(({ key }) => key)).toEqual([`${PREFIX}/k2`]);
    await clock.advance(150_000);
    await run(one, 'k3');
    await run(one, 'k4');
    await run(one, 'k5');
    expect(warnings).toBe(0);
    await run(one, 'k6');
    expect(warnings).toBe(1);
  });

  it('counts nothing that has expired, swept or not', async () => {
    const one = node({ ttlMs: 10_000, maxEntries: 2, logger });
    await run(one, 'k0');
    await run(one, 'k1');
    one.line.fail();
    await clock.advance(10_000);
    one.line.mend();
    await run(one, 'k2');
    await run(one, 'k3');
    expect(warnings).toBe(0);
    await run(one, 'k4');
    expect(warnings).toBe(1);
  });

  it('is told of once, until there was room for as long as an answer lives', async () => {
    const one = node({ ttlMs: 10_000, maxEntries: 1, logger });
    for (let n = 0; n < 5; n++) await run(one, `k${n}`);
    expect(warnings).toBe(1);
    await clock.advance(10_001);
    await run(one, 'k5');
    expect(warnings).toBe(1);
    await run(one, 'k6');
    expect(warnings).toBe(2);
  });

  it('counts an answer that was kept while the sweep listed', async () => {
    const one = node({ maxEntries: 2, logger });
    await run(one, 'k0');
    const list = one.line.list.bind(one.line);
    one.line.list = async (...args) => {
      const entries = await list(...args);
      await run(one, 'k1');
      return entries;
    };
    await clock.advance(225_000);
    expect(values.list('')).toHaveLength(2);
    await run(one, 'k2');
    expect(warnings).toBe(1);
  });
});

it('a registry without a key-value store is refused with what to use', () => {
  const none: KeyValueStore | undefined = undefined;
  expect(() => keyValueIdempotencyStore(none)).toThrow(/this registry has none; use the registry consul/);
});
