import { percent } from './percent.js';
import type { ScenarioResult } from './result.js';

/** What a run should have brought and did not, in words; none: all is well. */
export function shortfalls(result: ScenarioResult): readonly string[] {
  const { calls, ok, failed, executedTwice, okWithoutEffect, reregisteredMs, newLeaderMs, expected } = result;
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
  ];
}
