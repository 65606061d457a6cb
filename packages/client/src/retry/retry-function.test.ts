import { expect, it } from 'vitest';
import { retryOnCodes } from './retry-function.js';

it('retryOnCodes() without a code is refused: it would retry nothing', () => {
  expect(() => retryOnCodes()).toThrow(/names no code; give some: 'UNAVAILABLE'; or use retryNever/);
});
