import { constants } from 'node:os';
import { FAULT_CONTENDERS } from './contenders/fault-contenders.js';
import type { FaultRow } from './count/row.js';
import { FAULT_HELP, type FaultUsage, readFaultUsage } from './fault-usage.js';
import { FaultProgress } from './report/fault-progress.js';
import { faultTable, TABLE_LEGEND } from './report/fault-table.js';
import { runFault } from './run-fault.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function main(args: readonly string[]): Promise<number> {
  const usage = readUsage(args);
  if (typeof usage === 'string') {
    process.stderr.write(`bench:faults: ${usage}; see --help\n`);
    return 2;
  }
  if (usage.help) {
    process.stdout.write(FAULT_HELP);
    return 0;
  }
  let status: number | undefined;
  const over = new AbortController();
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      status ??= 128 + constants.signals[signal];
      over.abort(new Error(`ended early by ${signal}`));
    });
  }
  try {
    const rows = await runAll(usage, over.signal);
    return rows.some(({ broken }) => broken.length > 0) ? 1 : 0;
  } catch (error) {
    if (status === undefined) throw error;
    process.stderr.write('\nbench:faults: ended early\n');
    return status;
  }
}

async function runAll(usage: FaultUsage, signal: AbortSignal): Promise<readonly FaultRow[]> {
  const { faults, json, rate, beforeMs, afterMs } = usage;
  const progress = new FaultProgress(process.stderr, faults.length);
  const all: FaultRow[] = [];
  for (const fault of faults) {
    signal.throwIfAborted();
    progress.begin(fault.name);
    const onStep = (step: string) => progress.step(step);
    const contenders = FAULT_CONTENDERS;
    const rows = await runFault(fault, { contenders, rate, beforeMs, afterMs, signal, onStep });
    progress.end();
    all.push(...rows);
    if (!json) process.stdout.write(`${faultTable(fault, rows)}\n`);
  }
  process.stdout.write(json ? `${JSON.stringify(all)}\n` : `${TABLE_LEGEND}\n`);
  return all;
}

function readUsage(args: readonly string[]): FaultUsage | string {
  try {
    return readFaultUsage(args);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`bench:faults: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  },
);
