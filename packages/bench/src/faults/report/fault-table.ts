import pc from 'picocolors';
import type { FaultRow } from '../count/row.js';
import type { Fault } from '../fault.js';

interface Column {
  readonly title: string;
  readonly width: number;
  readonly cell: (row: FaultRow) => string;
}

const COLUMNS: readonly Column[] = [
  { title: 'client', width: 42, cell: ({ client }) => client },
  { title: 'idempotent', width: 10, cell: ({ idempotent }) => (idempotent ? 'yes' : 'no') },
  { title: 'calls', width: 6, cell: ({ calls }) => String(calls) },
  { title: 'failed', width: 6, cell: ({ failed }) => String(failed) },
  { title: 'twice', width: 6, cell: ({ executedTwice }) => String(executedTwice) },
  { title: 'maybe', width: 6, cell: ({ maybeTwice }) => String(maybeTwice) },
  { title: 'p50 ms', width: 8, cell: ({ p50Ms }) => p50Ms.toFixed(1) },
  { title: 'p99 ms', width: 8, cell: ({ p99Ms }) => p99Ms.toFixed(1) },
  { title: 'max ms', width: 8, cell: ({ maxMs }) => maxMs.toFixed(1) },
  { title: 'last slow', width: 9, cell: ({ lastSlowMs }) => lastSlowMs.toFixed(0) },
];

/** What the columns mean, for below the last table. */
export const TABLE_LEGEND = [
  'twice: calls with more than one effect in the logs of the nodes; maybe: those of which no client can know, since a node died, stood',
  'still or was cut off while it worked for them. last slow: ms from the fault to the start of the last call that failed, began on a',
  'node more than once, or took over twice the p99 before the fault. All clients but the last call the same micromesh servers, all at',
  'once; those without a registry know the addresses from the start on, and only those. ! what micromesh promises and did not keep;',
  'a fault whose times alone broke a promise is brought again, at most twice: the last take is what you see.',
].join('\n');

/** The rows of one fault as a table for people. */
export function faultTable(fault: Fault, rows: readonly FaultRow[]): string {
  const head = `${fault.name}: ${fault.title}`;
  const reason = rows.find(({ skipped }) => skipped !== undefined)?.skipped;
  if (reason !== undefined) return `${pc.bold(head)}\nnot run: ${reason}\n`;
  const titles = line((column) => column.title);
  return `${[pc.bold(head), pc.dim(titles), ...rows.flatMap(rowLines)].join('\n')}\n`;
}

function rowLines(row: FaultRow): readonly string[] {
  const text = line((column) => column.cell(row));
  if (row.broken.length === 0) return [text];
  return [
    pc.red(text),
    ...row.broken.map(({ text: what }) => pc.red(`  ! ${what}`)),
    ...row.failures.map((what) => `    ${what}`),
  ];
}

function line(cell: (column: Column) => string): string {
  return COLUMNS.map((column, index) =>
    index === 0 ? cell(column).padEnd(column.width) : cell(column).padStart(column.width),
  ).join('  ');
}
