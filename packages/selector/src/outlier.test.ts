import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutlierRecord } from './outlier.js';
import { maxEjected, OUTLIER_DEFAULTS } from './outlier-settings.js';

/** Whether the node is to be ejected, where all its peers together came to this. */
function isOutlier(record: OutlierRecord, now: number, peers = { calls: 0, failures: 0 }): boolean {
  const peer = new OutlierRecord(OUTLIER_DEFAULTS);
  for (let index = 0; index < peers.calls; index++)
    index < peers.failures ? peer.failure(now) : peer.success(now);
  return record.outlierCause(now, () => [peer]) !== undefined;
}

describe('an outlier', () => {
  it('has five failures in a row within 30 s', () => {
    const record = new OutlierRecord(OUTLIER_DEFAULTS);
    for (let index = 0; index < 4; index++) record.failure(index * 1000);
    expect(isOutlier(record, 4000)).toBe(false);
    record.failure(4000);
    expect(isOutlier(record, 4000)).toBe(true);
  });

  it('is none when the row is broken, or spread over more than the window', () => {
    const broken = new OutlierRecord(OUTLIER_DEFAULTS);
    for (let index = 0; index < 9; index++) index === 4 ? broken.success(0) : broken.failure(0);
    expect(isOutlier(broken, 0)).toBe(false);
    const spread = new OutlierRecord(OUTLIER_DEFAULTS);
    for (let index = 0; index < 5; index++) spread.failure(index * 10_000);
    expect(isOutlier(spread, 40_000)).toBe(false);
  });

  it('does at least twice as badly as its peers: where all are bad, none is ejected', () => {
    const record = new OutlierRecord(OUTLIER_DEFAULTS);
    for (let index = 0; index < 5; index++) record.failure(0);
    expect(isOutlier(record, 0, { calls: 100, failures: 60 })).toBe(false);
    expect(isOutlier(record, 0, { calls: 100, failures: 50 })).toBe(true);
  });

  it('is out for 30 s, longer each time up to 300 s, and forgiven with health', () => {
    const record = new OutlierRecord(OUTLIER_DEFAULTS);
    const lengths: number[] = [];
    let now = 0;
    for (let index = 0; index < 12; index++) {
      const length = record.eject(now);
      lengths.push(length);
      now += length;
      record.restore(now);
    }
    expect(lengths.slice(0, 3)).toEqual([30_000, 60_000, 90_000]);
    expect(Math.max(...lengths)).toBe(300_000);
    expect(record.eject(now + 20 * 30_000)).toBe(30_000);
  });

  it('is out for longer each time that it is not well when its ejection ends', () => {
    const record = new OutlierRecord(OUTLIER_DEFAULTS);
    let now = 1_000_000;
    const lengths = [1, 2, 3, 4].map(() => {
      const lengthMs = record.eject(now);
      now += lengthMs + 1000;
      return lengthMs;
    });
    expect(lengths).toEqual([30_000, 60_000, 90_000, 120_000]);
  });

  it('shares its fate with at most half of the nodes, though one may always go', () => {
    expect([1, 2, 3, 4, 5, 10].map((nodes) => maxEjected(nodes, OUTLIER_DEFAULTS))).toEqual([
      0, 1, 1, 2, 2, 5,
    ]);
    fc.assert(
      fc.property(fc.nat(1000), (nodes) => {
        expect(maxEjected(nodes, OUTLIER_DEFAULTS)).toBeLessThan(Math.max(1, nodes));
      }),
    );
  });

  it('counts attempts of the last 30 s only', () => {
    const record = new OutlierRecord(OUTLIER_DEFAULTS);
    record.failure(0);
    record.success(20_000);
    expect(record.counts(20_000)).toEqual({ calls: 2, failures: 1 });
    expect(record.counts(36_000)).toEqual({ calls: 1, failures: 0 });
    expect(record.counts(600_000)).toEqual({ calls: 0, failures: 0 });
  });
});
