import { type CanaryStep, IN_FORCE_WITHIN_MS } from './canary.js';
import { percent } from './percent.js';
import type { ScenarioResult } from './result.js';

/** What a run should have brought and did not, in words; none: all is well. */
export function shortfalls(result: ScenarioResult): readonly string[] {
  const {
    calls,
    ok,
    failed,
    executedTwice,
    okWithoutEffect,
    reregisteredMs,
    newLeaderMs,
    expected,
    steps = [],
  } = result;
  const share = ok / calls;
  const asExpected = expected === undefined ? failed === 0 : share >= expected.low && share <= expected.high;
  const wrong =
    expected === undefined
      ? `${failed} calls failed`
      : `${percent(share)} of the calls succeeded, which is outside of what is expected`;
  return [
    ...(asExpected ? [] : [wrong]),
    ...(executedTwice === 0 ? [] : [`${executedTwice} calls were executed twice`]),
    ...(okWithoutEffect === 0 ? [] : [`${okWithoutEffect} calls succeeded without a recorded effect`]),
    ...(reregisteredMs === null ? ['not all nodes were registered again'] : []),
    ...(newLeaderMs === null ? ['the registry found no new leader'] : []),
    ...steps.flatMap(stepShortfalls),
  ];
}

/** What is wrong with one step of a canary, in words. */
export function stepShortfalls({
  change,
  weight,
  inForceMs,
  share,
  low,
  high,
}: CanaryStep): readonly string[] {
  const name = change === 'rollback' ? `the rollback to ${weight} %` : `${weight} %`;
  if (inForceMs === null) return [`no call went by ${name}`];
  return [
    ...(inForceMs <= IN_FORCE_WITHIN_MS ? [] : [`${name} was in force only ${inForceMs} ms after its write`]),
    ...(share >= low && share <= high
      ? []
      : [`${name} brought v2 ${percent(share)} of the calls, which is outside of what is expected`]),
  ];
}
