import { ConfigError, nearestName } from '@micromesh/core';
import type { CommandLine } from '../command/command-line.js';
import type { Fault } from './fault.js';
import { FAULTS } from './faults.js';

const DEFAULT_RATE = 50;
const DEFAULT_BEFORE_MS = 2_000;
const DEFAULT_OUTAGE_MS = 10_000;

/** What the command line says. */
export interface FaultUsage {
  readonly json: boolean;
  readonly faults: readonly Fault[];
  readonly rate: number;
  readonly beforeMs: number;
  readonly afterMs: number | undefined;
  readonly outageMs: number;
}

/** What `--help` prints. */
export const FAULT_HELP = `Usage: npm run bench:faults -- [options]

What faults do to the calls of micromesh, grpc-js and nice-grpc: all clients call the same nodes at the same time, each from
a process of its own, at a fixed rate, with a deadline of 1 s; in turn a method that is idempotent and one that is not.

  --only FAULT[,FAULT]   these faults only
  --json                 print one JSON array of rows instead of tables
  --rate N               calls a second of each client; default ${DEFAULT_RATE}
  --before-ms N          how long calls are counted before a fault; default ${DEFAULT_BEFORE_MS}
  --after-ms N           and after it; default 6000 or what the fault needs
  --outage-ms N          how long Consul is away in registry-away; default ${DEFAULT_OUTAGE_MS}
  --help

Faults:
${FAULTS.map(({ name, title }) => `  ${name.padEnd(20)} ${title}`).join('\n')}

Example:
  $ npm run --silent bench:faults -- --only kill,frozen --json > faults.json

Exit status: 0 micromesh keeps its promises, 1 it does not or the run failed, 2 wrong usage, 130 or 143 interrupted.
`;

/** Reads the command line. @throws ConfigError that says what is wrong with it. */
export function readFaultUsage(line: CommandLine): FaultUsage {
  return {
    json: line.flag('json'),
    faults: line.text('only')?.split(',').map(faultNamed) ?? FAULTS,
    rate: line.wholeNumber('rate', DEFAULT_RATE),
    beforeMs: line.wholeNumber('before-ms', DEFAULT_BEFORE_MS),
    afterMs: line.wholeNumber('after-ms', undefined),
    outageMs: line.wholeNumber('outage-ms', DEFAULT_OUTAGE_MS),
  };
}

function faultNamed(name: string): Fault {
  const fault = FAULTS.find((each) => each.name === name.trim());
  if (fault !== undefined) return fault;
  const names = FAULTS.map((each) => each.name);
  const near = nearestName(name, names);
  const mend = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
  throw new ConfigError('--only', name, 'is no fault', mend);
}
