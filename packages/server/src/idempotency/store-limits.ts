import { checkInteger, checkNumber } from '@micromesh/core';
import type { StoredAnswer } from './idempotency-store.js';
import { sizeOfPairs } from './metadata-pairs.js';

/** How much a store keeps, and for how long. */
export interface StoreLimits {
  /** How long an answer is kept after its call has ended, in ms: at least 1,000; default 600,000. A later replay runs again. */
  readonly ttlMs?: number;
  /** Most keys, those of running calls included; default 10,000. The oldest answers go first. */
  readonly maxEntries?: number;
  /** Most bytes of answers, each with 256 for its key; default 16 MiB. The oldest answers go first. */
  readonly maxBytes?: number;
}

const KEY_BYTES = 256;

/** Fills in the defaults. @throws ConfigError when one is out of range. */
export function readLimits({
  ttlMs = 600_000,
  maxEntries = 10_000,
  maxBytes = 16 * 1024 * 1024,
}: StoreLimits): Required<StoreLimits> {
  return {
    ttlMs: checkNumber('ttlMs', ttlMs, 1_000),
    maxEntries: checkInteger('maxEntries', maxEntries, 1),
    maxBytes: checkInteger('maxBytes', maxBytes, KEY_BYTES),
  };
}

/** What an answer counts against `maxBytes`; undefined: one that is not kept. */
export function sizeOfAnswer(answer: StoredAnswer | undefined): number {
  if (answer === undefined) return KEY_BYTES;
  return KEY_BYTES + answer.response.length + sizeOfPairs(answer.header) + sizeOfPairs(answer.trailer);
}
