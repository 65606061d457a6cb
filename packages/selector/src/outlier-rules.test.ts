import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutlierRecord } from './outlier.js';
import { maxEjected, OUTLIER_DEFAULTS, type OutlierSettings } from './outlier-settings.js';

function settings(own: Partial<OutlierSettings>): OutlierSettings {
  return { ...OUTLIER_DEFAULTS, consecutiveFailures: 0, ...own };
}

interface Past {
  readonly calls: number;
  readonly failures?: number;
}

function record({ calls, failures = 0 }: Past, by: OutlierSettings): OutlierRecord {
  const made = new OutlierRecord(by);
  for (let index = 0; index < failures; index++) made.failure(0);
  for (let index = failures; index < calls; index++) made.success(0);
  return made;
}

function cause(own: Past, peers: readonly Past[], by: OutlierSettings): string | undefined {
  return record(own, by).outlierCause(0, () => peers.map((peer) => record(peer, by)));
}

/**
 * Source: envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier and
 * envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/outlier_detection.proto
 */
describe('as Envoy documents it', () => {
  const good = { calls: 100 };
  const bad = { calls: 100, failures: 50 };
  const successRate = settings({ stdevFactor: 1.9 });
  const failurePercentage = settings({ failureRatio: 0.85, minCalls: 50 });

  it.each<[string, Past, readonly Past[], OutlierSettings, boolean]>([
    ['consecutive_5xx: the fifth ejects', { calls: 5, failures: 5 }, [good], OUTLIER_DEFAULTS, true],
    ['consecutive_5xx: the fourth does not', { calls: 4, failures: 4 }, [good], OUTLIER_DEFAULTS, false],
    ['consecutive_5xx: 0 is off', { calls: 50, failures: 50 }, [good], settings({}), false],
    ['success_rate: below mean - 1.9 stdev', bad, [good, good, good, good, good], successRate, true],
    ['success_rate: one of five is 2 stdev below at most', bad, [good, good, good, good], successRate, true],
    ['success_rate: never 2.1', bad, [good, good, good, good], settings({ stdevFactor: 2.1 }), false],
    ['success_rate_minimum_hosts: five', bad, [good, good, good], settings({ stdevFactor: 1.5 }), false],
    [
      'success_rate_request_volume: 100, of the node',
      { calls: 99, failures: 50 },
      [good, good, good, good, good],
      successRate,
      false,
    ],
    [
      'success_rate_request_volume: 100, of its peers',
      bad,
      [good, good, good, { calls: 99 }, { calls: 99 }],
      settings({ stdevFactor: 1.5 }),
      false,
    ],
    ['success_rate: equal nodes', bad, [bad, bad, bad, bad, bad], successRate, false],
    ['failure_percentage: at its threshold', { calls: 100, failures: 85 }, [good], failurePercentage, true],
    ['failure_percentage: below it', { calls: 100, failures: 84 }, [good], failurePercentage, false],
    ['failure_percentage_request_volume: 50', { calls: 49, failures: 49 }, [good], failurePercentage, false],
  ])('%s', (_rule, own, peers, by, ejects) => {
    expect(cause(own, peers, by) !== undefined).toBe(ejects);
  });

  it('base_ejection_time grows with each ejection, up to max_ejection_time', () => {
    const node = new OutlierRecord(OUTLIER_DEFAULTS);
    const lengths = Array.from({ length: 11 }, () => node.eject(0));
    expect(lengths).toEqual(
      [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300].map((seconds) => seconds * 1000),
    );
  });

  it('max_ejection_percent lets one node go in any case', () => {
    const tenPercent = settings({ maxEjectedRatio: 0.1 });
    expect([2, 5, 10, 20, 35].map((nodes) => maxEjected(nodes, tenPercent))).toEqual([1, 1, 1, 2, 3]);
  });
});

describe('the cause of an ejection', () => {
  it('tells the row', () => {
    expect(cause({ calls: 6, failures: 6 }, [{ calls: 100 }], OUTLIER_DEFAULTS)).toBe('6 failures in a row');
  });

  it('tells the shares', () => {
    const by = settings({ failureRatio: 0.5 });
    expect(
      cause(
        { calls: 50, failures: 31 },
        [
          { calls: 100, failures: 1 },
          { calls: 100, failures: 1 },
        ],
        by,
      ),
    ).toBe('62 % of 50 calls failed, peers 1 %');
  });

  it('tells the mean', () => {
    const good = { calls: 1000, failures: 4 };
    const by = settings({ stdevFactor: 1.9 });
    expect(cause({ calls: 200, failures: 18 }, [good, good, good, good, good], by)).toBe(
      '9 % of 200 calls failed, 1.8 % on average of 6 nodes',
    );
  });
});

describe('a node', () => {
  it('is no outlier by its share where its peers fail half as often', () => {
    const by = settings({ failureRatio: 0.5 });
    expect(cause({ calls: 100, failures: 60 }, [{ calls: 100, failures: 31 }], by)).toBeUndefined();
    expect(cause({ calls: 100, failures: 60 }, [{ calls: 100, failures: 30 }], by)).toBeDefined();
  });

  it('is compared without those that are out already', () => {
    const by = settings({ stdevFactor: 1.9 });
    const bad = { calls: 100, failures: 50 };
    const peers = Array.from({ length: 5 }, () => record({ calls: 100 }, by));
    const out = record({ calls: 100, failures: 100 }, by);
    expect(record(bad, by).outlierCause(0, () => [...peers, out])).toBeUndefined();
    out.eject(0);
    expect(record(bad, by).outlierCause(0, () => [...peers, out])).toBeDefined();
  });

  it('is compared with the mean of all once a second, not at each attempt', () => {
    const own = record({ calls: 100, failures: 10 }, settings({ stdevFactor: 1.9, latencyFactor: 0 }));
    let asked = 0;
    const peers = () => {
      asked++;
      return [];
    };
    for (let now = 0; now <= 5000; now += 10) own.outlierCause(now, peers);
    expect(asked).toBe(6);
  });

  it('is compared with the latencies of others a dozen times a second, and only where it has slow answers', () => {
    let asked = 0;
    const peers = () => {
      asked++;
      return [];
    };
    const quick = new OutlierRecord(settings({}));
    const slow = new OutlierRecord(settings({}));
    for (let now = 0; now <= 5000; now += 10) {
      quick.success(now, 40);
      quick.outlierCause(now, peers);
    }
    expect(asked).toBe(0);
    for (let now = 0; now <= 5000; now += 10) {
      slow.success(now, 90);
      slow.outlierCause(now, peers);
    }
    expect(asked).toBeGreaterThan(50);
    expect(asked).toBeLessThanOrEqual(63);
  });

  it('comes back with a clean record', () => {
    const by = settings({ failureRatio: 0.5, baseEjectionMs: 100 });
    const own = record({ calls: 40, failures: 40 }, by);
    own.eject(0);
    expect(own.isEjected).toBe(true);
    own.restore(100);
    own.failure(101);
    expect(own.isEjected).toBe(false);
    expect(own.counts(101)).toEqual({ calls: 1, failures: 1 });
    expect(own.outlierCause(101, () => [])).toBeUndefined();
  });
});

describe('under any schedule of failures', () => {
  it('the ejected share stays below the cap, and every ejected node comes back', () => {
    const step = fc.record({
      node: fc.nat(7),
      failed: fc.boolean(),
      times: fc.integer({ min: 1, max: 8 }),
      waitMs: fc.nat(20_000),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(step, { maxLength: 100 }),
        (count, maxEjectedRatio, steps) => {
          const by: OutlierSettings = {
            ...OUTLIER_DEFAULTS,
            maxEjectedRatio,
            failureRatio: 0.5,
            minCalls: 5,
          };
          const nodes = Array.from({ length: count }, () => ({ record: new OutlierRecord(by), until: 0 }));
          const ejected = () => nodes.filter((node) => node.record.isEjected);
          let now = 0;
          const restoreThoseDue = () => {
            for (const node of ejected()) if (node.until <= now) node.record.restore(now);
          };
          for (const { node: index, failed, times, waitMs } of steps) {
            const node = nodes[index % count];
            if (node === undefined) continue;
            for (let time = 0; time < times; time++) {
              if (failed) node.record.failure(now);
              else node.record.success(now);
              const others = nodes.filter((each) => each !== node).map((each) => each.record);
              const why = node.record.isEjected ? undefined : node.record.outlierCause(now, () => others);
              if (why !== undefined && ejected().length < maxEjected(count, by))
                node.until = now + node.record.eject(now);
            }
            const share = ejected().length / count;
            expect(share).toBeLessThanOrEqual(Math.max(maxEjectedRatio, count > 1 ? 1 / count : 0));
            now += waitMs;
            restoreThoseDue();
          }
          now += by.maxEjectionMs;
          restoreThoseDue();
          expect(ejected()).toEqual([]);
        },
      ),
    );
  });
});
