import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { renderReport } from './report.js';
import type { ScenarioResult } from './result.js';
import { sparkline } from './sparkline.js';

const plain = picocolors.createColors(false);

const RESULT: ScenarioResult = {
  ...{ scenario: 'kill', registry: 'embedded', nodes: 3, rps: 20, seconds: 1 },
  ...{ calls: 20, ok: 20, failed: 0, retried: 2, attempts: 22, codes: { OK: 20 } },
  ...{ executedTwice: 0, executedTwiceCalls: [], maybeTwice: 1, okWithoutEffect: 0 },
  maybeTwiceCalls: [{ call: 'call-7', node: 'hello-a', effects: 1 }],
  ...{ p50Ms: 51.2, p99Ms: 80, maxMs: 99.9, recoveryMs: 40 },
  timeline: [
    { ms: 0, calls: 10, ok: 10, failed: 0, retried: 0 },
    { ms: 100, calls: 10, ok: 10, failed: 0, retried: 2, event: 'kill -9 hello-a' },
  ],
};

describe('renderReport', () => {
  test('shows figures, timeline and verdict', () => {
    expect(renderReport(RESULT, plain)).toBe(`kill · embedded registry · 3 nodes · 20 calls/s for 1 s

  calls            20 (OK 20)
  failed           0
  executed twice   0
  maybe twice      1 (in a handler, not answered, when its node was struck; 0 took effect twice)
  retried          2 (22 attempts)
  latency          p50 51.2 ms, p99 80 ms, max 99.9 ms
  recovery         40 ms after the fault

  calls    ██
  retried   █
  failed     
            ^
    0.1 s  kill -9 hello-a

✓ no call failed, none was executed twice
`);
  });

  test('says in the verdict what went wrong', () => {
    const bad = { ...RESULT, failed: 3, executedTwice: 1, reregisteredMs: null };
    expect(renderReport(bad, plain)).toContain(
      '✗ 3 calls failed, 1 calls were executed twice, not all nodes were registered again',
    );
  });
});

test('renderReport shows how long there was no leader', () => {
  expect(renderReport({ ...RESULT, newLeaderMs: 2_700 }, plain)).toContain('new leader       after 2700 ms');
  const none = renderReport({ ...RESULT, newLeaderMs: null }, plain);
  expect(none).toContain('new leader       no');
  expect(none).toContain('✗ the registry found no new leader');
});

describe('renderReport of calls that are to fail', () => {
  const expected = { share: 0.8, low: 0.7, high: 0.95 };
  const flaky: ScenarioResult = { ...RESULT, scenario: 'flaky', ok: 15, failed: 5, expected };

  test('shows what was to be expected', () => {
    const text = renderReport(flaky, plain);
    expect(text).toContain('succeeded        75.00 %');
    expect(text).toContain('expected         80.00 %, and of 1000 runs 999 from 70.00 % to 95.00 %');
    expect(text).toContain('✓ as many calls failed as expected, none was executed twice');
  });

  test('says in the verdict what else came', () => {
    expect(renderReport({ ...flaky, ok: 13, failed: 7 }, plain)).toContain(
      '✗ 65.00 % of the calls succeeded, which is outside of what is expected',
    );
  });
});

describe('sparkline', () => {
  test('draws shares of the greatest value, and nothing for 0', () => {
    expect(sparkline([0, 1, 4, 8])).toBe(' ▁▄█');
    expect(sparkline([0, 0])).toBe('  ');
    expect(sparkline([])).toBe('');
  });
});
