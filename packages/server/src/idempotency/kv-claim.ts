import { messageOf, sleep, type Timer, within } from '@micromesh/core';
import { MAX_KV_VALUE_BYTES } from '@micromesh/registry';
import type { IdempotencyClaim, StoredAnswer } from './idempotency-store.js';
import { type KvRecord, type RecordState, readRecord, writeRecord } from './kv-record.js';
import type { KvRoom } from './kv-room.js';

/** A caller does not wait for longer for what is written after its call has ended. */
const FOREGROUND_MS = 1_000;
const RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

/** How a claim has ended. `kept`: the store holds its record, with the answer where that was not too long. */
export type ClaimEnd = 'kept' | 'gone';

/** Told once of the end of each claim that was taken. */
export type OnClaimEnd = (claim: KvClaim, end: ClaimEnd, answer: StoredAnswer | undefined) => void;

/** One record of the key-value store, from its claim to its answer, or its release. */
export class KvClaim implements IdempotencyClaim {
  readonly path: string;
  readonly #room: KvRoom;
  readonly #body: string;
  readonly #owner: string;
  readonly #onEnd: OnClaimEnd;
  #beat = 0;
  #renewal: Timer | undefined;
  #ending = false;

  constructor(room: KvRoom, path: string, body: string, onEnd: OnClaimEnd) {
    this.#room = room;
    this.path = path;
    this.#body = body;
    this.#onEnd = onEnd;
    this.#owner = Buffer.from(Array.from({ length: 16 }, () => Math.floor(room.random() * 256))).toString(
      'hex',
    );
  }

  /**
   * Takes the record, if its `modifyIndex` is still this (0: if there is none).
   *
   * @returns whether it was taken.
   * @throws RegistryError without an answer; should it have been taken all the same, it is released in the background.
   */
  async take(modifyIndex: number): Promise<boolean> {
    const { keyValues, closed } = this.#room;
    try {
      const taken = await keyValues.put(this.path, this.#running(), { cas: modifyIndex, signal: closed });
      if (taken) this.#renewLater();
      return taken;
    } catch (error) {
      this.#room.own(this.#end(undefined).then(() => {}));
      throw error;
    }
  }

  complete(answer: StoredAnswer): Promise<void> {
    const whole = this.#write({ kind: 'done', answer });
    if (Buffer.byteLength(whole) <= MAX_KV_VALUE_BYTES) return this.#endSoon(whole, answer);
    return this.#endSoon(this.#write({ kind: 'done', answer: undefined }), undefined);
  }

  release(): Promise<void> {
    return this.#endSoon(undefined, undefined);
  }

  /** No timer is left. */
  stop(): void {
    this.#renewal?.cancel();
  }

  async #endSoon(record: string | undefined, answer: StoredAnswer | undefined): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.stop();
    const work = this.#end(record).then((end) => this.#onEnd(this, end, answer));
    this.#room.own(work);
    await within(this.#room.clock, FOREGROUND_MS, work, () => {});
  }

  /** Writes the end of the call, for as long as it takes: without it, replays are refused. */
  async #end(record: string | undefined): Promise<ClaimEnd> {
    const { clock, closed, logger, random, ttlMs } = this.#room;
    const startedAt = clock.now();
    for (let failures = 0; !closed.aborted; failures++) {
      try {
        const end = await this.#tryEnd(record);
        if (end !== undefined) return end;
      } catch (error) {
        if (closed.aborted || clock.now() - startedAt > ttlMs) {
          logger.warn(
            { key: this.path, error: messageOf(error) },
            'the end of a call could not be stored; its replays are refused',
          );
          return 'gone';
        }
      }
      const delay = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** failures);
      await sleep(clock, delay / 2 + (random() * delay) / 2, closed, false);
    }
    return 'gone';
  }

  /** Tries once; undefined where somebody has changed the record meanwhile. */
  async #tryEnd(record: string | undefined): Promise<ClaimEnd | undefined> {
    const { keyValues, closed: signal, logger } = this.#room;
    const entry = await keyValues.get(this.path, signal);
    const found = entry === undefined ? undefined : readRecord(entry.value);
    if (entry !== undefined && found?.owner !== this.#owner) {
      if (record !== undefined) {
        logger.warn(
          { key: this.path },
          'another node has run a call that had run here: this one had not been heard of for too long',
        );
      }
      return 'gone';
    }
    // An answer to an earlier try may have been lost.
    if (found?.state.kind === 'done') return 'kept';
    const cas = entry?.modifyIndex ?? 0;
    if (record !== undefined) {
      return (await keyValues.put(this.path, record, { cas, signal })) ? 'kept' : undefined;
    }
    if (entry === undefined) return 'gone';
    return (await keyValues.delete(this.path, { cas, signal })) ? 'gone' : undefined;
  }

  #renewLater(): void {
    const { clock, leaseMs } = this.#room;
    this.#renewal = clock.setTimer(leaseMs / 3, () => this.#room.own(this.#renew()), false);
  }

  async #renew(): Promise<void> {
    const { keyValues, closed: signal, logger } = this.#room;
    try {
      const entry = await keyValues.get(this.path, signal);
      const found = entry === undefined ? undefined : readRecord(entry.value);
      if (this.#ending || signal.aborted) return;
      // Another node has taken it over.
      if (entry !== undefined && found?.owner !== this.#owner) return;
      this.#beat += 1;
      await keyValues.put(this.path, this.#running(), { cas: entry?.modifyIndex ?? 0, signal });
    } catch (error) {
      if (signal.aborted) return;
      logger.debug({ key: this.path, error: messageOf(error) }, 'a claim could not be renewed; trying again');
    }
    if (!this.#ending && !signal.aborted) this.#renewLater();
  }

  #running(): string {
    return this.#write({ kind: 'running', beat: this.#beat, leaseMs: this.#room.leaseMs });
  }

  #write(state: RecordState): string {
    const { clock, ttlMs } = this.#room;
    const record: KvRecord = {
      state,
      body: this.#body,
      owner: this.#owner,
      expiresAtMs: clock.wallNow() + ttlMs,
    };
    return writeRecord(record);
  }
}
