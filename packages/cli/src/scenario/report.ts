import type { Colors } from '../command/colors.js';
import type { CanaryStep } from './canary.js';
import { percent } from './percent.js';
import type { ScenarioResult, TimelineBucket } from './result.js';
import { shortfalls, stepShortfalls } from './shortfalls.js';
import { sparkline } from './sparkline.js';

/** Writes a result for people: the figures, a timeline of one column per 100 ms, and the verdict. */
export function renderReport(result: ScenarioResult, colors: Colors): string {
  const { scenario, registry, nodes, rps, seconds, timeline } = result;
  const head = `${scenario} · ${registry} registry · ${nodes} nodes · ${rps} calls/s for ${seconds} s`;
  return [
    colors.bold(head),
    '',
    ...renderFigures(result, colors),
    '',
    ...renderTimeline(timeline, colors),
    '',
    renderVerdict(result, colors),
    '',
  ].join('\n');
}

function renderFigures(result: ScenarioResult, colors: Colors): string[] {
  const bad = (count: number) => (count === 0 ? colors.green('0') : colors.red(String(count)));
  const codes = Object.entries(result.codes).map(([code, count]) => `${code} ${count}`);
  const rows: [string, string][] = [
    ['calls', `${result.calls} (${codes.join(', ')})`],
    ['failed', result.expected === undefined ? bad(result.failed) : String(result.failed)],
    ['executed twice', bad(result.executedTwice)],
    ['maybe twice', describeMaybeTwice(result)],
    ['retried', `${result.retried} (${result.attempts} attempts)`],
    ['latency', `p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms, max ${result.maxMs} ms`],
    ['recovery', result.recoveryMs === null ? noRecovery(result) : `${result.recoveryMs} ms after the fault`],
  ];
  if (result.reregisteredMs !== undefined) {
    rows.push([
      'registered again',
      result.reregisteredMs === null ? colors.red('no') : `after ${result.reregisteredMs} ms`,
    ]);
  }
  if (result.newLeaderMs !== undefined) {
    const { newLeaderMs } = result;
    rows.push(['new leader', newLeaderMs === null ? colors.red('no') : `after ${newLeaderMs} ms`]);
  }
  if (result.expected !== undefined) {
    const { share, low, high } = result.expected;
    const interval = `${percent(share)}, and of 1000 runs 999 from ${percent(low)} to ${percent(high)}`;
    rows.push(['succeeded', percent(result.ok / result.calls)], ['expected', interval]);
  }
  for (const step of result.steps ?? []) rows.push([stepName(step), describeStep(step, colors)]);
  return rows.map(([name, value]) => `  ${name.padEnd(17)}${value}`);
}

function noRecovery({ steps }: ScenarioResult): string {
  return steps === undefined ? 'none, the fault lasts' : 'from nothing, there was no fault';
}

function stepName({ change, weight }: CanaryStep): string {
  return change === 'rollback' ? `back to ${weight} %` : `${weight} % to v2`;
}

function describeStep(step: CanaryStep, colors: Colors): string {
  const { inForceMs, share, low, high, calls } = step;
  const paint = stepShortfalls(step).length === 0 ? colors.green : colors.red;
  if (inForceMs === null) return paint('never in force');
  const expected = low === high ? '' : `; of 1000 runs 999 from ${percent(low)} to ${percent(high)}`;
  return `${paint(`in force after ${inForceMs} ms, ${percent(share)}`)} of ${calls} calls${expected}`;
}

function describeMaybeTwice({ maybeTwice, maybeTwiceCalls }: ScenarioResult): string {
  const twice = maybeTwiceCalls.filter(({ effects }) => effects > 1).length;
  return `${maybeTwice} (in a handler, not answered, when its node was struck; ${twice} took effect twice)`;
}

function renderTimeline(timeline: readonly TimelineBucket[], colors: Colors): string[] {
  const lines = [
    `  ${'calls'.padEnd(9)}${sparkline(timeline.map(({ calls }) => calls))}`,
    `  ${'retried'.padEnd(9)}${colors.yellow(sparkline(timeline.map(({ retried }) => retried)))}`,
    `  ${'failed'.padEnd(9)}${colors.red(sparkline(timeline.map(({ failed }) => failed)))}`,
  ];
  const events = timeline.flatMap(({ ms, event }) => (event === undefined ? [] : [{ ms, event }]));
  const marks = timeline.map(({ event }) => (event === undefined ? ' ' : '^'));
  if (events.length > 0) lines.push(`  ${''.padEnd(9)}${marks.join('').trimEnd()}`);
  return [...lines, ...events.map(({ ms, event }) => `  ${seconds(ms).padStart(7)}  ${event}`)];
}

function renderVerdict(result: ScenarioResult, colors: Colors): string {
  const missing = shortfalls(result);
  if (missing.length > 0) return colors.red(`✗ ${missing.join(', ')}`);
  const calls = result.expected === undefined ? 'no call failed' : 'as many calls failed as expected';
  const inForce = result.steps === undefined ? '' : ', each step was in force in time';
  return colors.green(`✓ ${calls}, none was executed twice${inForce}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
