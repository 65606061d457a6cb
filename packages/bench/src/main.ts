import { parseArgs } from 'node:util';
import { BENCH_DEFAULTS, type BenchOptions } from './bench-options.js';
import { CONTENDERS } from './contenders.js';
import { summarise } from './result.js';
import { runBench } from './run-bench.js';
import { formatTable } from './table.js';
import { wholeNumber } from './whole-number.js';

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

async function main(args: readonly string[]): Promise<number> {
  const usage = readArguments(args);
  if (typeof usage === 'string') {
    process.stderr.write(`${usage}\n\n${HELP}`);
    return 2;
  }
  if (usage.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const slices = await runBench(CONTENDERS, usage.options, showProgress);
  const result = summarise(CONTENDERS, slices, usage.options);
  process.stdout.write(`${usage.json ? JSON.stringify(result) : formatTable(result)}\n`);
  return usage.check && !result.ok ? 1 : 0;
}

/** What the command line says, or what is wrong with it. */
function readArguments(args: readonly string[]) {
  const { nodes, concurrency, starts, rounds, sliceMs, warmUpMs } = BENCH_DEFAULTS;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        nodes: { type: 'string', default: String(nodes) },
        concurrency: { type: 'string', default: String(concurrency) },
        starts: { type: 'string', default: String(starts) },
        rounds: { type: 'string', default: String(rounds) },
        'slice-ms': { type: 'string', default: String(sliceMs) },
        'warm-up-ms': { type: 'string', default: String(warmUpMs) },
      },
    });
    const options: BenchOptions = {
      nodes: wholeNumber('nodes', values.nodes),
      concurrency: wholeNumber('concurrency', values.concurrency),
      starts: wholeNumber('starts', values.starts),
      rounds: wholeNumber('rounds', values.rounds),
      sliceMs: wholeNumber('slice-ms', values['slice-ms']),
      warmUpMs: wholeNumber('warm-up-ms', values['warm-up-ms']),
    };
    const { json, check, help } = values;
    return { options, json, check, help };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function showProgress(done: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\u001b[K${done < 1 ? `${Math.round(done * 100)} %` : ''}`);
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`bench: ${error}\n`);
    process.exitCode = 1;
  },
);
