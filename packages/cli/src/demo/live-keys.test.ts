import { expect, test } from 'vitest';
import { keyHint } from './live-keys.js';

test.each([
  ['x', 'x does nothing; 1-9 select, k kill -9, f freeze, t thaw, s start, q quit'],
  ['7', 'there is no node 7; there are 1 to 3, and s starts one'],
])('a key that does nothing is answered: %s', (key, hint) => {
  expect(keyHint(key, [1, 2, 3])).toBe(hint);
});
