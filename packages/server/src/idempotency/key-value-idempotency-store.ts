import {
  type Clock,
  ConfigError,
  checkNumber,
  checkOptionNames,
  createAbortController,
  type Logger,
  messageOf,
  onAbort,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
  type Timer,
} from '@micromesh/core';
import type { KeyValueStore, KvEntry } from '@micromesh/registry';
import type { IdempotencyStore, IdempotencyVerdict, KeyedCall } from './idempotency-store.js';
import { KvClaim } from './kv-claim.js';
import { KvLedger } from './kv-ledger.js';
import { type KvRecord, readRecord, writeRecord } from './kv-record.js';
import { untilRecordMoves } from './kv-record-wait.js';
import type { KvRoom } from './kv-room.js';
import { recordsToSweep } from './kv-sweep.js';
import { readLimits, type StoreLimits } from './store-limits.js';

/** How a store in a registry's key-value store is made. Its limits hold for each node, and after each sweep for each service. */
export interface KeyValueIdempotencyOptions extends StoreLimits {
  /** Where in the key-value store: `PREFIX/<proto service>/<hash>`; default `micromesh/idempotency`. */
  readonly prefix?: string;
  /**
   * For how long a node that runs a call may be silent before it counts as dead, in ms: at least 500; default 3,000. It speaks up in a third
   * of that.
   */
  readonly leaseMs?: number;
  /** Default: the machine's time. */
  readonly clock?: Clock;
  /** Default: `Math.random`. */
  readonly random?: Random;
  /** Default: silent. */
  readonly logger?: Logger;
}

const OWNER_LOST = 'the node that ran it has died, or was cut off, before it said how that ended';
const NOT_READABLE = 'its record is not one that this version can read';

/**
 * Remembers calls for all nodes of a service, in the registry's key-value store (`registry.keyValues`): a retry that reaches another node does
 * not run twice. Two writes a call, one before the handler and one after it: for methods that are worth it. An answer above about
 * 380 KiB is not kept (its replay gets ABORTED). Close it after the servers that use it, and before the registry.
 *
 * @throws ConfigError when an option is unknown or out of range.
 */
export function keyValueIdempotencyStore(
  keyValues: KeyValueStore | undefined,
  options: KeyValueIdempotencyOptions = {},
): IdempotencyStore {
  checkOptionNames('keyValueIdempotencyStore', options, [
    'ttlMs',
    'maxEntries',
    'maxBytes',
    'prefix',
    'leaseMs',
    'clock',
    'random',
    'logger',
  ]);
  if (keyValues === undefined) {
    throw new ConfigError(
      'keyValueIdempotencyStore',
      keyValues,
      'is no key-value store: this registry has none',
      'use the registry consul, embedded or memory, or memoryIdempotencyStore()',
    );
  }
  if ('keyValues' in keyValues) {
    const fix = 'give its store: keyValueIdempotencyStore(registry.keyValues)';
    throw new ConfigError('keyValueIdempotencyStore', 'a registry', 'is no key-value store', fix);
  }
  return new KeyValueIdempotencyStore(keyValues, options);
}

class KeyValueIdempotencyStore implements IdempotencyStore {
  readonly #limits: Required<StoreLimits>;
  readonly #prefix: string;
  readonly #room: KvRoom;
  readonly #ledger: KvLedger;
  readonly #claims = new Set<KvClaim>();
  readonly #services = new Set<string>();
  readonly #work = new Set<Promise<void>>();
  readonly #abort = createAbortController();
  #sweep: Timer | undefined;
  #droppedAt = Number.NEGATIVE_INFINITY;

  constructor(keyValues: KeyValueStore, options: KeyValueIdempotencyOptions) {
    this.#limits = readLimits(options);
    this.#prefix = options.prefix ?? 'micromesh/idempotency';
    this.#ledger = new KvLedger(this.#limits);
    this.#room = {
      keyValues,
      clock: options.clock ?? systemClock,
      random: options.random ?? systemRandom,
      logger: options.logger ?? silentLogger,
      leaseMs: checkNumber('leaseMs', options.leaseMs ?? 3_000, 500),
      ttlMs: this.#limits.ttlMs,
      closed: this.#abort.signal,
      own: (work) => this.#own(work),
    };
  }

  async begin(call: KeyedCall, signal: AbortSignal): Promise<IdempotencyVerdict> {
    if (this.#abort.signal.aborted) throw new Error('the idempotency store is closed');
    const own = createAbortController();
    const forget = [
      onAbort(signal, () => own.abort(signal.reason)),
      onAbort(this.#abort.signal, () => own.abort(new Error('the idempotency store is closed'))),
    ];
    try {
      return await this.#begin(call, own.signal);
    } finally {
      for (const each of forget) each();
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#sweep?.cancel();
    for (const claim of this.#claims) claim.stop();
    await Promise.all(this.#work);
  }

  async #begin(call: KeyedCall, signal: AbortSignal): Promise<IdempotencyVerdict> {
    const path = `${this.#prefix}/${call.service}/${call.key}`;
    // Nearly every call is the first of its key.
    let verdict = this.#ledger.isFull ? undefined : await this.#claim(call, path, 0);
    while (verdict === undefined) {
      signal.throwIfAborted();
      const entry = await this.#room.keyValues.get(path, signal);
      verdict =
        entry === undefined ? await this.#claim(call, path, 0) : await this.#judge(call, entry, signal);
    }
    return verdict;
  }

  /** What a record that is there means for a call; undefined: look again. */
  async #judge(
    call: KeyedCall,
    entry: KvEntry,
    signal: AbortSignal,
  ): Promise<IdempotencyVerdict | undefined> {
    const { clock } = this.#room;
    const record = readRecord(entry.value);
    if (record === undefined) return { kind: 'unknown', cause: NOT_READABLE };
    if (record.expiresAtMs <= clock.wallNow()) return this.#claim(call, entry.key, entry.modifyIndex);
    if (record.body !== call.body) return { kind: 'otherBody' };
    const { state } = record;
    switch (state.kind) {
      case 'done':
        return state.answer === undefined
          ? { kind: 'unkept', cause: 'it is longer than the key-value store can hold' }
          : { kind: 'answered', answer: state.answer };
      case 'lost':
        if (call.onLostOwner === 'run') return this.#claim(call, entry.key, entry.modifyIndex);
        return { kind: 'unknown', cause: OWNER_LOST };
      default: {
        const verdict = await untilRecordMoves(this.#room, entry, state.leaseMs, signal);
        if (verdict === 'silent') await this.#markLost(entry, record);
        return undefined;
      }
    }
  }

  /** Says for all to see that the owner is silent; unless it has just said something. */
  async #markLost(entry: KvEntry, record: KvRecord): Promise<void> {
    const { keyValues, clock, closed, ttlMs } = this.#room;
    const lost = { ...record, state: { kind: 'lost' }, expiresAtMs: clock.wallNow() + ttlMs } as const;
    await keyValues.put(entry.key, writeRecord(lost), { cas: entry.modifyIndex, signal: closed });
  }

  async #claim(call: KeyedCall, path: string, modifyIndex: number): Promise<IdempotencyVerdict | undefined> {
    if (this.#ledger.isFull) {
      return { kind: 'full', cause: `${this.#limits.maxEntries} calls with keys are running (maxEntries)` };
    }
    const claim = new KvClaim(this.#room, path, call.body, (ended, end, answer) => {
      this.#claims.delete(ended);
      this.#ledger.ended();
      if (end === 'kept') this.#ledger.keep(path, answer, this.#room.clock.wallNow());
      this.#dropSurplus();
    });
    this.#ledger.began();
    this.#claims.add(claim);
    let taken = false;
    try {
      taken = await claim.take(modifyIndex);
    } finally {
      if (!taken) {
        this.#claims.delete(claim);
        this.#ledger.ended();
      }
    }
    if (!taken) return undefined;
    this.#dropSurplus();
    this.#sweepLater(call.service);
    return { kind: 'run', claim };
  }

  #dropSurplus(): void {
    const surplus = this.#ledger.takeSurplus(this.#room.clock.wallNow());
    if (surplus.length > 0) this.#own(this.#drop(surplus));
  }

  /** Deletes answers of this node's own that are too many; what it cannot delete expires, and is swept then. */
  async #drop(paths: readonly string[]): Promise<void> {
    const { keyValues, closed: signal, logger } = this.#room;
    this.#tellOfDrops();
    try {
      for (const path of paths) {
        const entry = await keyValues.get(path, signal);
        const isAnswer = entry !== undefined && readRecord(entry.value)?.state.kind === 'done';
        if (isAnswer) await keyValues.delete(path, { cas: entry.modifyIndex, signal });
      }
    } catch (error) {
      if (!signal.aborted) logger.debug({ error: messageOf(error) }, 'idempotency keys could not be deleted');
    }
  }

  /** Once, until an answer's whole lifetime has passed without a drop: at the limit every call drops one. */
  #tellOfDrops(): void {
    const { clock, logger } = this.#room;
    const now = clock.now();
    const isNews = now - this.#droppedAt > this.#limits.ttlMs;
    this.#droppedAt = now;
    if (!isNews) return;
    logger.warn(
      this.#limits,
      'too many idempotency keys; the oldest answers go before their time, and their replays would run again',
    );
  }

  #sweepLater(service: string): void {
    this.#services.add(service);
    if (this.#sweep !== undefined || this.#abort.signal.aborted) return;
    const { clock, random } = this.#room;
    const { ttlMs } = this.#limits;
    // Not all nodes at one time.
    const delay = ttlMs / 4 + (random() * ttlMs) / 4;
    this.#sweep = clock.setTimer(
      delay,
      () => {
        this.#sweep = undefined;
        this.#own(this.#sweepAll());
      },
      false,
    );
  }

  /** Takes away what is over, also what dead nodes have left. */
  async #sweepAll(): Promise<void> {
    const { keyValues, clock, closed: signal, logger } = this.#room;
    for (const service of this.#services) {
      try {
        const prefix = `${this.#prefix}/${service}/`;
        // Before the list is asked for: it need not show what comes later.
        const own = this.#ledger.keptUnder(prefix);
        const entries = await keyValues.list(prefix, signal);
        this.#ledger.forgetMissing(own, new Set(entries.map(({ key }) => key)));
        for (const { key, modifyIndex } of recordsToSweep(entries, this.#limits, clock.wallNow())) {
          if (await keyValues.delete(key, { cas: modifyIndex, signal })) this.#ledger.forget(key);
        }
        const left = entries.length > 0;
        if (left) this.#sweepLater(service);
      } catch (error) {
        if (signal.aborted) return;
        logger.debug(
          { service, error: messageOf(error) },
          'idempotency keys could not be swept; trying later',
        );
        this.#sweepLater(service);
      }
    }
  }

  #own(work: Promise<void>): void {
    const owned = work.finally(() => this.#work.delete(owned));
    this.#work.add(owned);
  }
}
