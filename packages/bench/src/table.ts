import pc from 'picocolors';
import type { BenchResult, ClientResult } from './result.js';

const COLUMNS: readonly {
  readonly title: string;
  readonly cell: (client: ClientResult) => string;
}[] = [
  { title: 'client', cell: ({ name }) => name },
  { title: 'CPU us/call', cell: ({ cpuUs }) => cpuUs.toFixed(1) },
  { title: 'CPU ratio', cell: ({ cpuRatio }) => cpuRatio.median.toFixed(2) },
  {
    title: '95 % interval',
    cell: ({ cpuRatio: { low, high } }) => `${low.toFixed(2)} to ${high.toFixed(2)}`,
  },
  { title: 'at most', cell: ({ maxCpuRatio }) => maxCpuRatio?.toFixed(2) ?? '' },
  { title: 'calls/s', cell: ({ callsPerSecond }) => String(Math.round(callsPerSecond)) },
  { title: 'p50 ms', cell: ({ p50Ms }) => p50Ms.toFixed(2) },
  { title: 'p99 ms', cell: ({ p99Ms }) => p99Ms.toFixed(2) },
];

/** The result as a table for people. */
export function formatTable(result: BenchResult): string {
  const { node, options, clients } = result;
  const { nodes, concurrency, starts, rounds, sliceMs } = options;
  const rows = [
    COLUMNS.map(({ title }) => title),
    ...clients.map((client) => COLUMNS.map(({ cell }) => cell(client))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  const [head = '', ...body] = lines;
  const marked = body.map((line, index) => (clients[index]?.ok === false ? pc.red(line) : line));
  return [
    `Unary calls, ${concurrency} at once, ${nodes} nodes in another process; Node ${node}.`,
    `${starts} x ${rounds} rounds, in each every client for ${sliceMs} ms in turn, alone in its process.`,
    '',
    pc.bold(head),
    ...marked,
    '',
    'CPU: of the client process, all threads. CPU ratio: to the first line in the same round, median.',
    'nice-grpc and the second line use one connection for all calls, the others one to each node.',
    'micromesh: defaults, nodes from the watch of a static registry.',
  ].join('\n');
}
