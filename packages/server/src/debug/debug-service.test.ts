import { expect, test } from 'vitest';
import { mayAsk } from './debug-service.js';

test('the debug service answers its own machine, all callers only when it is told to', () => {
  const here = '127.0.0.1:5001';
  const elsewhere = '10.0.0.1:5001';
  const who = (answers: 'all' | 'machine', onSocket: boolean) =>
    [here, elsewhere, 'unknown'].filter((peer) => mayAsk({ answers, onSocket }, peer));
  expect(who('machine', false)).toEqual([here]);
  expect(who('all', false)).toEqual([here, elsewhere, 'unknown']);
  // Callers on a Unix socket have no address.
  expect(who('machine', true)).toContain('unknown');
});
