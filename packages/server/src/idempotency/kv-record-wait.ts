import { sleep } from '@micromesh/core';
import type { KvEntry } from '@micromesh/registry';
import type { KvRoom } from './kv-room.js';

const FIRST_LOOK_MS = 20;
/** Looked at again and again, not watched: a watch holds a connection, and a frozen node may leave hundreds of calls to wait for. */
const MAX_LOOK_MS = 250;

/**
 * Waits until a record has another `modifyIndex`, or is gone (`moved`), or its owner has said nothing for `leaseMs` while the store was
 * answering (`silent`). Time is measured here: the clocks of two nodes are never compared.
 *
 * @throws what the signal is aborted with.
 */
export async function untilRecordMoves(
  { keyValues, clock, random }: KvRoom,
  { key, modifyIndex }: KvEntry,
  leaseMs: number,
  signal: AbortSignal,
): Promise<'moved' | 'silent'> {
  let silentMs = 0;
  let lookedAt = clock.now();
  for (let delay = FIRST_LOOK_MS; ; delay = Math.min(MAX_LOOK_MS, delay * 2)) {
    await sleep(clock, delay / 2 + (random() * delay) / 2, signal, false);
    signal.throwIfAborted();
    const before = lookedAt;
    try {
      const entry = await keyValues.get(key, signal);
      if (entry?.modifyIndex !== modifyIndex) return 'moved';
      lookedAt = clock.now();
      // Where this process stood still, the owner may have, on the same machine, as well.
      silentMs += Math.min(lookedAt - before, 2 * MAX_LOOK_MS);
    } catch {
      // The owner cannot renew it either.
      signal.throwIfAborted();
      lookedAt = clock.now();
      silentMs = 0;
    }
    if (silentMs >= leaseMs) return 'silent';
  }
}
