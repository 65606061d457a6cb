import { expect, it } from 'vitest';
import { idempotency } from './idempotency.js';
import type { IdempotencyStore } from './idempotency-store.js';

it.each([undefined, null, {}])('idempotency(%j) is refused with the stores that there are', (wrong) => {
  const store: unknown = wrong;
  expect(() => idempotency(store as IdempotencyStore)).toThrow(
    /idempotency store.*is no idempotency store; give one: memoryIdempotencyStore\(\)/,
  );
});
