import { FakeClock } from '@micromesh/core/testing';
import { MemoryKeyValueStore, MemoryKeyValues } from '@micromesh/registry';
import type {
  IdempotencyClaim,
  IdempotencyStore,
  IdempotencyVerdict,
  KeyedCall,
  StoredAnswer,
} from '../idempotency-store.js';
import { type KeyValueIdempotencyOptions, keyValueIdempotencyStore } from '../key-value-idempotency-store.js';
import { type KvRecord, readRecord } from '../kv-record.js';
import { SwitchedKeyValues } from './switched-key-values.js';

/** Where the records of the tests' service are. */
export const PREFIX = 'micromesh/idempotency/shop.v1.Till';

const never = new AbortController().signal;

/** A node of the service, with its line to the key-value store that all nodes share. */
export interface StoreNode {
  readonly store: IdempotencyStore;
  readonly line: SwitchedKeyValues;
}

/** For tests: the nodes of a service, and the key-value store that they share. */
export class SharedStoreNodes {
  readonly clock = new FakeClock();
  readonly values = new MemoryKeyValues();
  readonly #stores: IdempotencyStore[] = [];

  /** One more node. */
  node(options: KeyValueIdempotencyOptions = {}): StoreNode {
    const line = new SwitchedKeyValues(new MemoryKeyValueStore(this.values));
    const store = keyValueIdempotencyStore(line, { clock: this.clock, random: () => 0.5, ...options });
    this.#stores.push(store);
    return { store, line };
  }

  /** What is stored of the call that {@link keyedCall} makes. */
  record(): KvRecord | undefined {
    const entry = this.values.get(`${PREFIX}/a`);
    return entry === undefined ? undefined : readRecord(entry.value);
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
  }

  /** Closes all. @throws Error where that leaves a timer. */
  async closeWhole(): Promise<void> {
    await this.close();
    const { pendingTimers } = this.clock;
    if (pendingTimers > 0) throw new Error(`closed stores have left ${pendingTimers} timers`);
  }
}

/** A call with a key. */
export function keyedCall(change: Partial<KeyedCall> = {}): KeyedCall {
  return { key: 'a', service: 'shop.v1.Till', body: 'body', onLostOwner: 'refuse', ...change };
}

/** An answer of one text. */
export function answer(text: string): StoredAnswer {
  return { response: Buffer.from(text), header: [], trailer: [] };
}

/** The claim of a call that is to run. @throws Error when it is not. */
export async function claimed({ store }: StoreNode, keyed = keyedCall()): Promise<IdempotencyClaim> {
  const verdict = await store.begin(keyed, never);
  if (verdict.kind !== 'run') throw new Error(`expected to run, but: ${verdict.kind}`);
  return verdict.claim;
}

/** A verdict that is waited for, to be looked at without waiting. */
export interface FollowedVerdict {
  verdict: IdempotencyVerdict | undefined;
  error: unknown;
}

/** Asks for a verdict, and does not wait for it. */
export function follow({ store }: StoreNode, keyed = keyedCall()): FollowedVerdict {
  const followed: FollowedVerdict = { verdict: undefined, error: undefined };
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
