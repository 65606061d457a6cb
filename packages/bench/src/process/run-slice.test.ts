import { describe, expect, it } from 'vitest';
import { runSlice } from './run-slice.js';

describe('a slice', () => {
  it('keeps as many calls in flight as it is told, and counts them all', async () => {
    let calls = 0;
    let inFlight = 0;
    let most = 0;
    const client = {
      async call() {
        calls++;
        most = Math.max(most, ++inFlight);
        await new Promise(setImmediate);
        inFlight--;
      },
      close() {},
    };
    const slice = await runSlice(client, 20, 4);
    expect(most).toBe(4);
    expect(slice.calls).toBe(calls);
    expect(slice.p99Ms).toBeGreaterThanOrEqual(slice.p50Ms);
  });

  it('fails with the first call that fails', async () => {
    const client = { call: () => Promise.reject(new Error('no node')), close() {} };
    await expect(runSlice(client, 20, 2)).rejects.toThrow('no node');
  });
});
