import type { Colors } from '../command/colors.js';
import type { ScenarioResult, TimelineBucket } from './result.js';
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
    ['failed', bad(result.failed)],
    ['executed twice', bad(result.executedTwice)],
    ['maybe twice', describeMaybeTwice(result)],
    ['retried', `${result.retried} (${result.attempts} attempts)`],
    ['latency', `p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms, max ${result.maxMs} ms`],
    ['recovery', `${result.recoveryMs} ms after the fault`],
  ];
  if (result.reregisteredMs !== undefined) {
    rows.push([
      'registered again',
      result.reregisteredMs === null ? colors.red('no') : `after ${result.reregisteredMs} ms`,
    ]);
  }
  return rows.map(([name, value]) => `  ${name.padEnd(17)}${value}`);
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

function renderVerdict({ failed, executedTwice, reregisteredMs }: ScenarioResult, colors: Colors): string {
  const faults = [
    ...(failed === 0 ? [] : [`${failed} calls failed`]),
    ...(executedTwice === 0 ? [] : [`${executedTwice} calls were executed twice`]),
    ...(reregisteredMs === null ? ['not all nodes were registered again'] : []),
  ];
  if (faults.length > 0) return colors.red(`✗ ${faults.join(', ')}`);
  return colors.green('✓ no call failed, none was executed twice');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
