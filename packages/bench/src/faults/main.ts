import { constants } from 'node:os';
import { runCommand } from '../command/run-command.js';
import { FAULT_CONTENDERS } from './contenders/fault-contenders.js';
import type { FaultRow } from './count/row.js';
import { FAULT_HELP, type FaultUsage, readFaultUsage } from './fault-usage.js';
import { FaultProgress } from './report/fault-progress.js';
import { faultTable, TABLE_LEGEND } from './report/fault-table.js';
import { runFault } from './run-fault.js';
import { takeAgain } from './take-again.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function run(usage: FaultUsage): Promise<number> {
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
  const { faults, json, ...setting } = usage;
  const progress = new FaultProgress(process.stderr, faults.length);
  const all: FaultRow[] = [];
  for (const fault of faults) {
    signal.throwIfAborted();
    progress.begin(fault.name);
    const rows = await takeAgain((take) => {
      const onStep = (step: string) => progress.step(take === 1 ? step : `${step} (slow: take ${take})`);
      return runFault(fault, { ...setting, contenders: FAULT_CONTENDERS, signal, onStep });
    });
    progress.end();
    all.push(...rows);
    if (!json) process.stdout.write(`${faultTable(fault, rows)}\n`);
  }
  process.stdout.write(json ? `${JSON.stringify(all)}\n` : `${TABLE_LEGEND}\n`);
  return all;
}

void runCommand({ name: 'bench:faults', help: FAULT_HELP, read: readFaultUsage, run });
