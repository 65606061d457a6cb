import pc from 'picocolors';
import type { RouteResult, RoutesResult } from './routes-result.js';

/** The result as a table for people. */
export function formatRoutes({ node, options, policies }: RoutesResult): string {
  const { starts, pairs, sliceMs } = options;
  const width = Math.max(...policies.map(({ name }) => name.length));
  return [
    `Unary calls, 16 at once, nodes in the same process; Node ${node}. CPU a call in microseconds.`,
    `${starts} x ${pairs} pairs of slices of ${sliceMs} ms, without policies and with them by turns.`,
    '',
    pc.bold(`${'policies'.padEnd(width)}  without     with  more    95 % interval  at most`),
    ...policies.map((each) => lineOf(each, width)),
    '',
    'More: in the same pair, median. The last of the 20 rules takes the calls, and shares them 90/10 between two subsets.',
  ].join('\n');
}

function lineOf({ name, withoutUs, withUs, extraUs, maxExtraUs, ok }: RouteResult, width: number): string {
  const interval = `${extraUs.low.toFixed(2)} to ${extraUs.high.toFixed(2)}`;
  const cells = [
    name.padEnd(width),
    withoutUs.toFixed(2).padStart(7),
    withUs.toFixed(2).padStart(7),
    extraUs.median.toFixed(2).padStart(4),
    interval.padStart(15),
    maxExtraUs.toFixed(2).padStart(7),
  ];
  const line = cells.join('  ');
  return ok ? line : pc.red(line);
}
