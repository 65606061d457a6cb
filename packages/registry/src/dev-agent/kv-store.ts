import { wokenBelow } from './absent-key.js';
import { compareBytes, type Read } from './catalog.js';
import type { Changes, Topic } from './changes.js';
import { Refusal } from './refusal.js';

const MAX_TOTAL_BYTES = 64 * 1024 * 1024;
// Consul forgets a deletion after 15 minutes; here the oldest goes when there are too many.
const MAX_TOMBSTONES = 10_000;

/** One key and its value. */
export interface KvEntry {
  readonly key: string;
  readonly value: Buffer;
  readonly flags: number;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** Consul's key-value store, with its rules of which write moves whose index. */
export class KvStore {
  readonly #changes: Changes;
  readonly #entries = new Map<string, KvEntry>();
  /** Deleted keys and prefixes with the index of their deletion: without them the index of a prefix would go backwards. */
  readonly #tombstones = new Map<string, number>();
  #tableIndex = 0;
  #bytes = 0;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /**
   * Writes a key.
   *
   * @param cas - only if the entry's modify index is this; 0: only if there is none.
   * @returns whether it was written.
   */
  put(key: string, value: Buffer, flags: number, cas?: number): boolean {
    const index = this.#changes.next();
    const old = this.#entries.get(key);
    if (cas !== undefined && cas !== (old?.modifyIndex ?? 0)) return false;
    if (old !== undefined && old.flags === flags && old.value.equals(value)) return true;
    const bytes = this.#bytes + sizeOf(key, value) - (old === undefined ? 0 : sizeOf(key, old.value));
    if (bytes > MAX_TOTAL_BYTES)
      throw new Refusal(500, `the dev agent holds at most ${MAX_TOTAL_BYTES} bytes of keys and values`);
    this.#bytes = bytes;
    this.#entries.set(key, { key, value, flags, createIndex: old?.createIndex ?? index, modifyIndex: index });
    this.#touch([key], index);
    return true;
  }

  /** Deletes a key; with `cas` only if the entry's modify index is this. Returns whether there is now none. */
  delete(key: string, cas?: number): boolean {
    const index = this.#changes.next();
    const old = this.#entries.get(key);
    // Consul calls a conditional deletion of nothing a success, and an index of 0 a condition that never holds.
    if (old === undefined) return true;
    if (cas !== undefined && cas !== old.modifyIndex) return false;
    this.#remove(old);
    this.#bury(key, index);
    this.#touch([key], index);
    return true;
  }

  /** Deletes all keys that begin with `prefix`. */
  deleteTree(prefix: string): void {
    const index = this.#changes.next();
    const gone = this.#below(prefix);
    if (gone.length === 0) return;
    for (const entry of gone) this.#remove(entry);
    if (prefix !== '') this.#bury(prefix, index);
    this.#touch(
      gone.map(({ key }) => key),
      index,
    );
  }

  get(key: string): Read<KvEntry | undefined> {
    const value = this.#entries.get(key);
    return value === undefined
      ? { value, index: this.#tableIndex, wokenBy: this.#near(key) }
      : { value, index: value.modifyIndex, wokenBy: (topic) => topic === keyTopic(key) };
  }

  /** All keys that begin with `prefix`, in order. */
  list(prefix: string): Read<readonly KvEntry[]> {
    const value = this.#below(prefix);
    const index = prefix === '' ? 0 : this.#latestBelow(prefix, value);
    const wokenBy =
      value.length === 0 ? this.#near(prefix) : (topic: Topic) => topic.startsWith(keyTopic(prefix));
    return { value, index: index === 0 ? this.#tableIndex : index, wokenBy };
  }

  #near(absent: string): (topic: Topic) => boolean {
    const start = keyTopic(wokenBelow(absent, this.#entries.keys()));
    return (topic) => `${topic}\0`.startsWith(start);
  }

  #below(prefix: string): KvEntry[] {
    const entries = [...this.#entries.values()].filter(({ key }) => key.startsWith(prefix));
    return entries.sort((a, b) => compareBytes(a.key, b.key));
  }

  #latestBelow(prefix: string, entries: readonly KvEntry[]): number {
    let latest = 0;
    for (const { modifyIndex } of entries) latest = Math.max(latest, modifyIndex);
    for (const [key, index] of this.#tombstones) if (key.startsWith(prefix)) latest = Math.max(latest, index);
    return latest;
  }

  #bury(key: string, index: number): void {
    this.#tombstones.delete(key);
    this.#tombstones.set(key, index);
    if (this.#tombstones.size <= MAX_TOMBSTONES) return;
    const oldest = this.#tombstones.keys().next();
    if (!oldest.done) this.#tombstones.delete(oldest.value);
  }

  #remove(entry: KvEntry): void {
    this.#entries.delete(entry.key);
    this.#bytes -= sizeOf(entry.key, entry.value);
  }

  #touch(keys: readonly string[], index: number): void {
    this.#tableIndex = index;
    this.#changes.publish(new Set(keys.map(keyTopic)));
  }
}

function sizeOf(key: string, value: Buffer): number {
  return Buffer.byteLength(key) + value.length;
}

function keyTopic(key: string): Topic {
  return `key:${key}`;
}
