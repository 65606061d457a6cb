import { expect, it } from 'vitest';
import { idempotencyKey } from './idempotency-key.js';
import { seededRandom } from './random.js';

const UUID_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

it('an idempotency key is a random UUID, and chance alone decides which', () => {
  expect(idempotencyKey(seededRandom(1))).toBe(idempotencyKey(seededRandom(1)));
  const random = seededRandom(2);
  const keys = Array.from({ length: 1_000 }, () => idempotencyKey(random));
  expect(new Set(keys).size).toBe(1_000);
  for (const key of [...keys, idempotencyKey(() => 0), idempotencyKey(() => 1 - 2 ** -53)]) {
    expect(key).toMatch(UUID_4);
  }
});
