import type { CommandLine } from '../command/command-line.js';
import { runCommand } from '../command/run-command.js';
import { MAX_EXTRA_US, ROUTE_CONTENDERS } from './route-contenders.js';
import { summariseRoutes } from './routes-result.js';
import { formatRoutes } from './routes-table.js';
import { ROUTES_DEFAULTS, type RoutesOptions, runRoutes } from './run-routes.js';

const HELP = `Usage: npm run bench:routes -- [options]

What 50 VirtualServices of 20 rules each cost a call: beside one without policies, in microseconds of CPU.

  --json             print one JSON object instead of the table
  --starts N         how often the processes are started anew; default ${ROUTES_DEFAULTS.starts}
  --pairs N          of slices, at each start; default ${ROUTES_DEFAULTS.pairs}
  --slice-ms N       default ${ROUTES_DEFAULTS.sliceMs}
  --warm-up-calls N  before the first pair, with policies and without; default ${ROUTES_DEFAULTS.warmUpCalls}
  --help

Example:
  $ npm run --silent bench:routes -- --json > routes.json

Exit status: 0 none costs more than ${MAX_EXTRA_US} us, 1 one does or it failed, 2 wrong usage.
`;

interface RoutesUsage {
  readonly json: boolean;
  readonly options: RoutesOptions;
}

function read(line: CommandLine): RoutesUsage {
  return {
    json: line.flag('json'),
    options: {
      starts: line.wholeNumber('starts', ROUTES_DEFAULTS.starts),
      pairs: line.wholeNumber('pairs', ROUTES_DEFAULTS.pairs),
      sliceMs: line.wholeNumber('slice-ms', ROUTES_DEFAULTS.sliceMs),
      warmUpCalls: line.wholeNumber('warm-up-calls', ROUTES_DEFAULTS.warmUpCalls),
    },
  };
}

async function run({ json, options }: RoutesUsage): Promise<number> {
  const pairs = await runRoutes(ROUTE_CONTENDERS, options, showProgress);
  const result = summariseRoutes(ROUTE_CONTENDERS, pairs, options);
  process.stdout.write(`${json ? JSON.stringify(result) : formatRoutes(result)}\n`);
  return result.ok ? 0 : 1;
}

function showProgress(done: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\u001b[K${done < 1 ? `${Math.round(done * 100)} %` : ''}`);
}

void runCommand({ name: 'bench:routes', help: HELP, read, run });
