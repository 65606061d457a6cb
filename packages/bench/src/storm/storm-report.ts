import pc from 'picocolors';
import { DEFAULTS, NEITHER } from './protection.js';
import { isBad } from './recovery.js';
import type { StormRun } from './run-storm.js';
import { runNamed, type StormResult } from './storm-result.js';
import type { StormSetting } from './storm-setting.js';

/** micromesh's default. */
const BUDGET_RATIO = 0.2;

const COLUMNS = ['second', 'offered', 'goodput', 'attempts', 'goodput', 'attempts', ''];

/** The result as tables for people. */
export function formatStorm(result: StormResult): string {
  return [...premises(result), '', ...bySecond(result), '', ...summary(result)].join('\n');
}

function premises({ setting, capacityPerSecond }: StormResult): readonly string[] {
  const { nodes, workers, workMs, queue, timeoutMs, retries, loadRatio, dropsAbandoned } = setting;
  const queueMs = (queue / workers) * workMs;
  return [
    `Callers -> front -> stock. Stock: ${nodes} nodes x ${workers} workers x ${workMs} ms = ${capacityPerSecond} requests/s; ${queue} may wait at a node (${queueMs} ms),`,
    `further ones are refused with UNAVAILABLE. ${dropsAbandoned ? 'It drops what waits when its caller has gone.' : 'A plain server: it works on what was given up long ago as on anything else.'}`,
    `New calls: ${loadRatio * capacityPerSecond}/s at random instants, ${percent(loadRatio)} of the capacity; ${percent(loadRatio * (1 + BUDGET_RATIO))} with a retry budget of ${percent(BUDGET_RATIO)}.`,
    `Deadline ${timeoutMs} ms, ${retries} retries at each hop, methods idempotent; the rest are micromesh's defaults. Fake clock, seed ${setting.seed}.`,
    'goodput: calls that ended well in the second; attempts: requests that reached stock.',
  ];
}

function bySecond(result: StormResult): readonly string[] {
  const both = runNamed(result, DEFAULTS.name);
  const neither = runNamed(result, NEITHER.name);
  const rows = both.seconds.map(({ second, offered, goodput, attempts }, index) => {
    const other = neither.seconds[index];
    return [second, offered, goodput, attempts, other?.goodput ?? 0, other?.attempts ?? 0].map(String);
  });
  const widths = COLUMNS.map((title) => title.length);
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ');
  return [
    pc.bold(`${''.padStart(17)}${'defaults'.padStart(17)}${'neither'.padStart(19)}`),
    pc.bold(line(COLUMNS).trimEnd()),
    ...rows.map((row, second) => line([...row, eventAt(result.setting, second)]).trimEnd()),
  ];
}

function eventAt({ faultFromMs, faultToMs }: StormSetting, second: number): string {
  if (second * 1000 === faultFromMs) return 'half of the capacity is gone';
  return second * 1000 === faultToMs ? 'it is back' : '';
}

function summary({ setting, runs }: StormResult): readonly string[] {
  const rows = runs.map((run) => {
    const { protection, goodputBefore } = run;
    const before = `${Math.round(goodputBefore)}/s`.padStart(14);
    const extra = `${stormRatio(run).toFixed(1)}x`.padStart(14);
    return `${protection.name.padEnd(15)}  ${before}  ${extra}  ${recovery(run, setting)}`;
  });
  const head = `${''.padEnd(15)}  ${'goodput before'}  ${'attempts/calls'}  goodput is back, to the end of the run`;
  return [
    pc.bold(head),
    ...rows,
    'attempts/calls: in bad seconds, those whose goodput is below 90 % of what it was before the fault and of what was offered.',
  ];
}

function recovery({ recoveredAfterMs }: StormRun, { durationMs, faultToMs }: StormSetting): string {
  return recoveredAfterMs === null
    ? pc.red(`not within ${(durationMs - faultToMs) / 1000} s`)
    : pc.green(`${recoveredAfterMs / 1000} s after the capacity`);
}

/** Requests at stock for each call, in the seconds in which calls failed. */
function stormRatio({ seconds, goodputBefore }: StormRun): number {
  const bad = seconds.filter((each) => isBad(each, goodputBefore));
  const attempts = bad.reduce((sum, each) => sum + each.attempts, 0);
  return (
    attempts /
    Math.max(
      1,
      bad.reduce((sum, each) => sum + each.offered, 0),
    )
  );
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
