import { expect, test } from 'vitest';
import { inParallel } from './in-parallel.js';

test('work is done for all items, so many at a time, with the results in their order', async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel([5, 1, 4, 2, 3], 2, async (item) => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < item; turn++) await Promise.resolve();
    running--;
    return item * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
  expect(await inParallel([], 2, async () => 1)).toEqual([]);
});

test('work that fails is told', async () => {
  const work = async (item: number) => {
    if (item === 2) throw new Error('no');
  };
  await expect(inParallel([1, 2, 3], 2, work)).rejects.toThrow('no');
});
