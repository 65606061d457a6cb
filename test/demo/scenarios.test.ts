import { describe, expect, type TestContext, test } from 'vitest';
import { consulForTests } from '../dev-agent/consul-binary.js';
import { againIfStoodStill } from '../machine/stand-still.js';
import { TEST_ALL } from '../test-all.js';
import { MarkedProcess } from './marked-process.js';

/** For two runs of the slowest: the second is for a machine that stands still. */
const TIMEOUT_MS = 300_000;
const RUN_MS = 120_000;
const NO_RIGHTS = 2;
const consul = await consulForTests();

/** Runs a scenario to its end; gives what it printed, undefined where this machine does not let it run. */
async function runScenario({ onTestFinished }: TestContext, scenario: string, args: readonly string[]) {
  const run = new MarkedProcess(process.execPath, [
    'packages/micromesh/bin/micromesh.js',
    ...['demo', '--scenario', scenario, '--json', ...args],
  ]);
  onTestFinished(() => run.destroy());
  const status = await run.untilEnded(RUN_MS);
  if (status === NO_RIGHTS && run.stderr.includes('cannot make a network of its own')) return undefined;
  const lines = run.stdout.trimEnd().split('\n');
  expect(lines, run.stderr).toHaveLength(1);
  await run.untilNoneLeft(5_000);
  const result = JSON.parse(lines[0] ?? '');
  const found = sharesOf(result);
  expect(
    found.filter((each) => isOutside(each, WIDER)),
    lines[0],
  ).toEqual([]);
  const outByChance = found.some((each) => isOutside(each, 1)) ? 1 : 0;
  expect({ status, executedTwice: result.executedTwice }, lines[0]).toEqual({
    ...{ status: outByChance, executedTwice: 0 },
  });
  expect(result.attempts).toBeGreaterThanOrEqual(result.calls + result.retried);
  expect(sum(result.timeline)).toBe(result.calls);
  return result;
}

interface Share {
  readonly share: number;
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

/** The command's intervals are of 99.9 %, which one share in a thousand leaves by chance; so much wider they are of five sigma. */
const WIDER = 1.6;

function isOutside({ share, expected, low, high }: Share, wider: number): boolean {
  return share < expected - wider * (expected - low) || share > expected + wider * (high - expected);
}

/** What chance has a part in. */
function sharesOf({ ok, calls, expected, steps = [] }: ScenarioShares): readonly Share[] {
  const ofSteps = steps.map(({ weight, ...step }) => ({ ...step, expected: weight / 100 }));
  if (expected === undefined) return ofSteps;
  return [...ofSteps, { ...expected, share: ok / calls, expected: expected.share }];
}

interface ScenarioShares {
  readonly ok: number;
  readonly calls: number;
  readonly expected?: Omit<Share, 'expected'>;
  readonly steps?: readonly Step[];
}

interface Step extends Omit<Share, 'expected'> {
  readonly weight: number;
  readonly inForceMs: number;
  readonly calls: number;
}

async function runAndFailNone(
  context: TestContext,
  scenario: string,
  registry: string,
  {
    seconds,
    nodes = 3,
    rps = 150,
  }: { readonly seconds: number; readonly nodes?: number; readonly rps?: number },
) {
  const load = ['--nodes', String(nodes), '--rps', String(rps), '--seconds', String(seconds)];
  const result = await runScenario(context, scenario, ['--registry', registry, ...load]);
  if (result === undefined) return undefined;
  const calls = rps * seconds;
  expect(result).toMatchObject({ scenario, registry, calls, ok: calls, failed: 0, codes: { OK: calls } });
  return result;
}

function sum(timeline: readonly { readonly calls: number }[]): number {
  return timeline.reduce((total, { calls }) => total + calls, 0);
}

interface Piece {
  readonly ms: number;
  readonly calls: number;
  readonly event?: string;
}

const PIECE_MS = 100;

// Each fault with one of the registries, and with both where all is to be tested.
describe.each([
  { registry: 'embedded', skipsKill: consul !== undefined && !TEST_ALL, skipsFreeze: false },
  { registry: 'consul', skipsKill: consul === undefined, skipsFreeze: consul === undefined || !TEST_ALL },
])(
  'scenarios with the $registry registry',
  { timeout: TIMEOUT_MS },
  ({ registry, skipsKill, skipsFreeze }) => {
    // Two at a time: runs beside each other must not get in each other's way.
    test.skipIf(skipsKill)('no call fails and none is executed twice: kill and restart', (context) =>
      againIfStoodStill(async () => {
        const [kill] = await Promise.all([
          // 20 calls are under way at any time: that none of them is at one of two nodes happens in one of a million runs.
          runAndFailNone(context, 'kill', registry, { seconds: 3, nodes: 2, rps: 400 }),
          runAndFailNone(context, 'restart', registry, { seconds: 3 }),
        ]);
        expect(kill.retried).toBeGreaterThan(0);
      }),
    );

    test.skipIf(skipsFreeze)('no call fails and none is executed twice: freeze and registry', (context) =>
      againIfStoodStill(async () => {
        const [freeze, registryKilled] = await Promise.all([
          runAndFailNone(context, 'freeze', registry, { seconds: 3 }),
          runAndFailNone(context, 'registry', registry, { seconds: 3 }),
        ]);
        expect(freeze.retried).toBeGreaterThan(0);
        expect(registryKilled.reregisteredMs).toBeGreaterThan(0);
      }),
    );
  },
);

describe.each([
  { registry: 'embedded', skips: false },
  { registry: 'consul', skips: consul === undefined || !TEST_ALL },
])('a canary with the $registry registry', { timeout: TIMEOUT_MS }, ({ registry, skips }) => {
  test.skipIf(skips)('fails no call, and is in force step by step within 200 ms', (context) =>
    againIfStoodStill(async () => {
      const { steps, timeline } = await runAndFailNone(context, 'canary', registry, { seconds: 4 });
      expect(steps.map(({ weight }: Step) => weight)).toEqual([0, 10, 50, 100, 50]);
      for (const { inForceMs, calls } of steps) {
        expect(inForceMs).toBeLessThanOrEqual(200);
        expect(calls).toBeGreaterThan(0);
      }
      // Whatever was to begin when the first was in force went by one of them.
      const first: Piece = timeline.find(({ event = '' }: Piece) => event.includes(': version 2'));
      const inForceMs = first.ms + PIECE_MS + steps[0].inForceMs;
      const since = sum(timeline.filter(({ ms }: Piece) => ms >= inForceMs));
      expect(since).toBeGreaterThan(0);
      expect(sum(steps)).toBeGreaterThanOrEqual(since);
      const happened = timeline.map(({ event = '' }) => event).join(';');
      expect(happened).toMatch(/0 % to v2: version 2.*;100 % to v2: version 5.*;back to 50 %: version 6/s);
    }),
  );
});

// These mostly wait, so they run beside each other.
describe.concurrent('further scenarios', { timeout: TIMEOUT_MS }, () => {
  // Of these and of `leader` there are tests of their own elsewhere.
  test.runIf(TEST_ALL)('no call fails and none is executed twice: slow and errors', (context) =>
    againIfStoodStill(async () => {
      const [slow, errors] = await Promise.all([
        runAndFailNone(context, 'slow', 'embedded', { seconds: 3 }),
        runAndFailNone(context, 'errors', 'embedded', { seconds: 3 }),
      ]);
      expect(slow.maxMs).toBeGreaterThan(340);
      // A third of the calls of three quarters of the time, were the node told at once: four runs at a time are much for two cores.
      expect(errors.retried).toBeGreaterThan(0);
    }),
  );

  test.runIf(TEST_ALL && consul !== undefined)(
    'no call fails when the leading Consul server dies',
    (context) =>
      againIfStoodStill(async () => {
        const { newLeaderMs, timeline } = await runAndFailNone(context, 'leader', 'consul', { seconds: 2 });
        expect(newLeaderMs).toBeGreaterThan(0);
        const happened = timeline.map(({ event = '' }) => event).join(';');
        expect(happened).toMatch(/hello-\S+ is new, and found/);
      }),
  );

  test('no call fails where packets vanish', (context) =>
    againIfStoodStill(async () => {
      const result = await runAndFailNone(context, 'blackhole', 'embedded', { seconds: 3 });
      if (result === undefined) context.skip('this machine lets us make no network namespace: needs root');
      expect(result.retried).toBeGreaterThan(0);
    }));

  test('of calls to a flaky service as many succeed as its simulation says', (context) =>
    againIfStoodStill(async () => {
      const flaky = (...args: string[]) =>
        runScenario(context, 'flaky', ['--nodes', '2', '--seconds', '4', ...args]);
      const [bounded, all] = await Promise.all([
        flaky('--retries', '3', '--max-concurrent-retries', '3'),
        flaky('--retries', '3'),
      ]);
      expect(bounded.expected.share).toBeCloseTo(0.957, 2);
      expect(all.expected.share).toBeCloseTo(0.9984, 3);
      expect(bounded.attempts / bounded.calls).toBeLessThan(all.attempts / all.calls);
    }));
});
