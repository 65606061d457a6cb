import type { KvEntry } from '@micromesh/registry';
import { readRecord } from './kv-record.js';
import type { StoreLimits } from './store-limits.js';

/**
 * Of all records of a service, whoever wrote them, those that are to go: the expired ones, then the oldest answers above the limits.
 * What is no record is left alone: a later version may know it.
 */
export function recordsToSweep(
  entries: readonly KvEntry[],
  { maxEntries, maxBytes }: Required<StoreLimits>,
  wallNowMs: number,
): readonly KvEntry[] {
  const expired: KvEntry[] = [];
  const answers: { readonly entry: KvEntry; readonly expiresAtMs: number }[] = [];
  let left = 0;
  let bytes = 0;
  for (const entry of entries) {
    const record = readRecord(entry.value);
    if (record === undefined) continue;
    if (record.expiresAtMs <= wallNowMs) {
      expired.push(entry);
      continue;
    }
    left += 1;
    bytes += entry.value.length;
    if (record.state.kind === 'done') answers.push({ entry, expiresAtMs: record.expiresAtMs });
  }
  answers.sort((a, b) => a.expiresAtMs - b.expiresAtMs);
  const surplus: KvEntry[] = [];
  for (const { entry } of answers) {
    if (left <= maxEntries && bytes <= maxBytes) break;
    surplus.push(entry);
    left -= 1;
    bytes -= entry.value.length;
  }
  return [...expired, ...surplus];
}
