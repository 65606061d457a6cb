import { describe, expect, type TestContext, test } from 'vitest';
import { consulForTests } from '../dev-agent/consul-binary.js';
import { TEST_ALL } from '../test-all.js';
import { MarkedProcess } from './marked-process.js';

const TIMEOUT_MS = 90_000;
const NO_RIGHTS = 2;
const consul = await consulForTests();

/** Runs a scenario to its end; gives what it printed, undefined where this machine does not let it run. */
async function runScenario({ onTestFinished }: TestContext, scenario: string, args: readonly string[]) {
  const run = new MarkedProcess(process.execPath, [
    'packages/micromesh/bin/micromesh.js',
    ...['demo', '--scenario', scenario, '--json', ...args],
  ]);
  onTestFinished(() => run.destroy());
  const status = await run.untilEnded(TIMEOUT_MS);
  if (status === NO_RIGHTS && run.stderr.includes('cannot make a network of its own')) return undefined;
  const lines = run.stdout.trimEnd().split('\n');
  expect(lines, run.stderr).toHaveLength(1);
  await run.untilNoneLeft(5_000);
  const result = JSON.parse(lines[0] ?? '');
  expect({ status, executedTwice: result.executedTwice }, lines[0]).toEqual({ status: 0, executedTwice: 0 });
  expect(result.attempts).toBeGreaterThanOrEqual(result.calls + result.retried);
  expect(sum(result.timeline)).toBe(result.calls);
  return result;
}

async function runAndFailNone(context: TestContext, scenario: string, registry: string, seconds: number) {
  const load = ['--nodes', '3', '--rps', '150', '--seconds', String(seconds)];
  const result = await runScenario(context, scenario, ['--registry', registry, ...load]);
  if (result === undefined) return undefined;
  const calls = 150 * seconds;
  expect(result).toMatchObject({ scenario, registry, calls, ok: calls, failed: 0, codes: { OK: calls } });
  return result;
}

function sum(timeline: readonly { readonly calls: number }[]): number {
  return timeline.reduce((total, { calls }) => total + calls, 0);
}

// Each fault with one of the registries, and with both where all is to be tested.
describe.each([
  { registry: 'embedded', skipsKill: consul !== undefined && !TEST_ALL, skipsFreeze: false },
  { registry: 'consul', skipsKill: consul === undefined, skipsFreeze: consul === undefined || !TEST_ALL },
])(
  'scenarios with the $registry registry',
  { timeout: TIMEOUT_MS },
  ({ registry, skipsKill, skipsFreeze }) => {
    // Two at a time: runs beside each other must not get in each other's way.
    test.skipIf(skipsKill)('no call fails and none is executed twice: kill and restart', async (context) => {
      const [kill] = await Promise.all([
        runAndFailNone(context, 'kill', registry, 3),
        runAndFailNone(context, 'restart', registry, 3),
      ]);
      expect(kill.retried).toBeGreaterThan(0);
    });

    test.skipIf(skipsFreeze)(
      'no call fails and none is executed twice: freeze and registry',
      async (context) => {
        const [freeze, registryKilled] = await Promise.all([
          runAndFailNone(context, 'freeze', registry, 3),
          runAndFailNone(context, 'registry', registry, 3),
        ]);
        expect(freeze.retried).toBeGreaterThan(0);
        expect(registryKilled.reregisteredMs).toBeGreaterThan(0);
      },
    );
  },
);

interface Step {
  readonly weight: number;
  readonly inForceMs: number;
  readonly calls: number;
}

describe.each([
  { registry: 'embedded', skips: false },
  { registry: 'consul', skips: consul === undefined || !TEST_ALL },
])('a canary with the $registry registry', { timeout: TIMEOUT_MS }, ({ registry, skips }) => {
  test.skipIf(skips)('fails no call, and is in force step by step within 200 ms', async (context) => {
    const { steps, timeline } = await runAndFailNone(context, 'canary', registry, 4);
    expect(steps.map(({ weight }: Step) => weight)).toEqual([0, 10, 50, 100, 50]);
    for (const { inForceMs, calls } of steps) {
      expect(inForceMs).toBeLessThanOrEqual(200);
      expect(calls).toBeGreaterThan(0);
    }
    // Some 90 each; fewer in one in which the machine stands still.
    expect(sum(steps)).toBeGreaterThan(300);
    const happened = timeline.map(({ event = '' }) => event).join(';');
    expect(happened).toMatch(/0 % to v2: version 2.*;100 % to v2: version 5.*;back to 50 %: version 6/s);
  });
});

// These mostly wait, so they run beside each other.
describe.concurrent('further scenarios', { timeout: TIMEOUT_MS }, () => {
  // Of these and of `leader` there are tests of their own elsewhere.
  test.runIf(TEST_ALL)('no call fails and none is executed twice: slow and errors', async (context) => {
    const [slow, errors] = await Promise.all([
      runAndFailNone(context, 'slow', 'embedded', 2),
      runAndFailNone(context, 'errors', 'embedded', 2),
    ]);
    expect(slow.maxMs).toBeGreaterThan(340);
    // A third of the calls of three quarters of the time, were the node told at once: four runs at a time are much for two cores.
    expect(errors.retried).toBeGreaterThan(10);
  });

  test.runIf(TEST_ALL && consul !== undefined)(
    'no call fails when the leading Consul server dies',
    async (context) => {
      const { newLeaderMs, timeline } = await runAndFailNone(context, 'leader', 'consul', 2);
      expect(newLeaderMs).toBeGreaterThan(0);
      const happened = timeline.map(({ event = '' }) => event).join(';');
      expect(happened).toMatch(/hello-\S+ is new, and found/);
    },
  );

  test('no call fails where packets vanish', async (context) => {
    const result = await runAndFailNone(context, 'blackhole', 'embedded', 3);
    if (result === undefined) context.skip('this machine lets us make no network namespace: needs root');
    expect(result.retried).toBeGreaterThan(0);
  });

  test('of calls to a flaky service as many succeed as its simulation says', async (context) => {
    const flaky = (...args: string[]) =>
      runScenario(context, 'flaky', ['--nodes', '2', '--seconds', '4', ...args]);
    const [bounded, all] = await Promise.all([
      flaky('--retries', '3', '--max-concurrent-retries', '3'),
      flaky('--retries', '3'),
    ]);
    expect(bounded.expected.share).toBeCloseTo(0.957, 2);
    expect(all.expected.share).toBeCloseTo(0.9984, 3);
    expect(bounded.attempts / bounded.calls).toBeLessThan(all.attempts / all.calls);
  });
});
