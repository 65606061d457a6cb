import type { Random } from './random.js';

/** The metadata in which a caller names its call, so that no server runs it twice. */
export const IDEMPOTENCY_KEY = 'idempotency-key';

/**
 * A name for one logical call, the same on each of its attempts: a random UUID (version 4).
 *
 * @param random - source of the 122 bits.
 */
export function idempotencyKey(random: Random): string {
  const bytes = Array.from({ length: 16 }, () => Math.floor(random() * 256));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
