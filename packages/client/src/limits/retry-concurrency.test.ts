import { describe, expect, it } from 'vitest';
import { RetryConcurrency } from './retry-concurrency.js';

describe('the limit of concurrent retries', () => {
  it('lets in as many as it was told until one has left', () => {
    const retries = new RetryConcurrency(2);
    expect([retries.tryEnter(), retries.tryEnter(), retries.tryEnter()]).toEqual([true, true, false]);
    expect(retries.running).toBe(2);
    retries.leave();
    expect(retries.tryEnter()).toBe(true);
    retries.leave();
    retries.leave();
    expect(retries.running).toBe(0);
  });
});
