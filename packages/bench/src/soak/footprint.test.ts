import { describe, expect, it } from 'vitest';
import { type Footprint, growthOf } from './footprint.js';

function samples(heap: readonly number[]): Footprint[] {
  return heap.map((heapMiB, index) => ({ atMs: index, calls: index, heapMiB, rssMiB: 1, handles: 1 }));
}

describe('the growth of a footprint', () => {
  it('leaves out the warm-up, and a peak', () => {
    expect(growthOf(samples([1, 5, 10, 10, 10, 99, 10, 10, 10, 10]), 'heapMiB')).toEqual({
      first: 10,
      last: 10,
      grown: 0,
    });
  });

  it('is none where the last sample alone is a peak, in a run of few', () => {
    const growth = growthOf(samples([18, 18, 17, 17, 17, 17, 17, 20, 26]), 'heapMiB');
    expect(growth.grown).toBe(3);
  });

  it('is seen where a little comes on top each time', () => {
    const growth = growthOf(samples(Array.from({ length: 50 }, (_, index) => 10 + index)), 'heapMiB');
    expect(growth.grown).toBeGreaterThan(20);
  });

  it('is not known of too few samples', () => {
    expect(growthOf(samples([1, 2]), 'heapMiB').grown).toBeNaN();
  });
});
