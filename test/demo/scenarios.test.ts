import { describe, expect, onTestFinished, test } from 'vitest';
import { consulForTests } from '../dev-agent/consul-binary.js';
import { MarkedProcess } from './marked-process.js';

const TIMEOUT_MS = 90_000;
const consul = await consulForTests();

async function runScenario(scenario: string, registry: string): Promise<void> {
  const run = new MarkedProcess(process.execPath, [
    'packages/micromesh/bin/micromesh.js',
    ...['demo', '--scenario', scenario, '--registry', registry],
    ...['--nodes', '3', '--rps', '150', '--seconds', '4', '--json'],
  ]);
  onTestFinished(() => run.destroy());
  const status = await run.untilEnded(TIMEOUT_MS);
  const lines = run.stdout.trimEnd().split('\n');
  expect(lines, run.stderr).toHaveLength(1);
  const result = JSON.parse(lines[0] ?? '');
  expect(result).toMatchObject({
    ...{ scenario, registry, calls: 600, ok: 600, failed: 0, executedTwice: 0 },
    codes: { OK: 600 },
  });
  expect(status).toBe(0);
  if (scenario === 'kill' || scenario === 'freeze') expect(result.retried).toBeGreaterThan(0);
  expect(result.attempts).toBeGreaterThanOrEqual(result.calls + result.retried);
  expect(sum(result.timeline)).toBe(600);
  if (scenario === 'registry') expect(result.reregisteredMs).toBeGreaterThan(0);
  await run.untilNoneLeft(5_000);
}

function sum(timeline: readonly { readonly calls: number }[]): number {
  return timeline.reduce((total, { calls }) => total + calls, 0);
}

describe.each([
  { registry: 'embedded', there: true },
  { registry: 'consul', there: consul !== undefined },
])('scenarios with the $registry registry', { timeout: TIMEOUT_MS }, ({ registry, there }) => {
  // Two at a time: runs beside each other must not get in each other's way.
  test.skipIf(!there).each([
    ['kill', 'restart'],
    ['freeze', 'registry'],
  ])('no call fails and none is executed twice: %s and %s', async (...scenarios) => {
    await Promise.all(scenarios.map((scenario) => runScenario(scenario, registry)));
  });
});
