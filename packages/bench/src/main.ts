import { BENCH_DEFAULTS, type BenchOptions } from './bench-options.js';
import type { CommandLine } from './command/command-line.js';
import { runCommand } from './command/run-command.js';
import { CONTENDERS } from './contenders.js';
import { summarise } from './result.js';
import { runBench } from './run-bench.js';
import { formatTable } from './table.js';

const HELP = `Usage: npm run bench -- [options]

What a unary call costs its client: micromesh beside plain grpc-js and nice-grpc.

  --json             print one JSON object instead of the table
  --check            exit with 1 when micromesh's CPU ratio is above what it may be
  --nodes N          default ${BENCH_DEFAULTS.nodes}
  --concurrency N    calls in flight at once; default ${BENCH_DEFAULTS.concurrency}
  --starts N         how often the clients are started anew; default ${BENCH_DEFAULTS.starts}
  --rounds N         of each start; default ${BENCH_DEFAULTS.rounds}
  --slice-ms N       of each client in a round; default ${BENCH_DEFAULTS.sliceMs}
  --warm-up-ms N     of each client at a start; default ${BENCH_DEFAULTS.warmUpMs}
  --help

Example:
  $ npm run --silent bench -- --json --check > bench.json

Exit status: 0 done, 1 above a limit (with --check) or failed, 2 wrong usage.
`;

interface BenchUsage {
  readonly json: boolean;
  readonly check: boolean;
  readonly options: BenchOptions;
}

function read(line: CommandLine): BenchUsage {
  return {
    json: line.flag('json'),
    check: line.flag('check'),
    options: {
      nodes: line.wholeNumber('nodes', BENCH_DEFAULTS.nodes),
      concurrency: line.wholeNumber('concurrency', BENCH_DEFAULTS.concurrency),
      starts: line.wholeNumber('starts', BENCH_DEFAULTS.starts),
      rounds: line.wholeNumber('rounds', BENCH_DEFAULTS.rounds),
      sliceMs: line.wholeNumber('slice-ms', BENCH_DEFAULTS.sliceMs),
      warmUpMs: line.wholeNumber('warm-up-ms', BENCH_DEFAULTS.warmUpMs),
    },
  };
}

async function run({ json, check, options }: BenchUsage): Promise<number> {
  const slices = await runBench(CONTENDERS, options, showProgress);
  const result = summarise(CONTENDERS, slices, options);
  process.stdout.write(`${json ? JSON.stringify(result) : formatTable(result)}\n`);
  return check && !result.ok ? 1 : 0;
}

function showProgress(done: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\u001b[K${done < 1 ? `${Math.round(done * 100)} %` : ''}`);
}

void runCommand({ name: 'bench', help: HELP, read, run });
