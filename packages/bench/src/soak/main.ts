import { freePort } from '@micromesh/cli/stage';
import pc from 'picocolors';
import type { CommandLine } from '../command/command-line.js';
import { runCommand } from '../command/run-command.js';
import type { Growth } from './footprint.js';
import { runSoak, type SoakResult } from './run-soak.js';
import { SOAK_DEFAULTS, type SoakOptions } from './soak-options.js';

const HELP = `Usage: npm run soak -- [options]

A million calls while hello nodes are killed -9 and replaced all the while: none fails, and neither memory nor
handles grow.

  --calls N             default ${SOAK_DEFAULTS.calls}
  --nodes N             default ${SOAK_DEFAULTS.nodes}
  --concurrency N       calls in flight at once; default ${SOAK_DEFAULTS.concurrency}
  --kill-every-ms N     default ${SOAK_DEFAULTS.killEveryMs}
  --sample-every-ms N   of memory and handles; default ${SOAK_DEFAULTS.sampleEveryMs}
  --json                print one JSON object
  --help

Example:
  $ npm run soak -- --calls 100000

Exit status: 0 nodes were killed, no call failed and nothing grew; 1 otherwise, or too short to tell; 2 wrong usage.
`;

interface SoakUsage {
  readonly json: boolean;
  readonly options: SoakOptions;
}

function read(line: CommandLine): SoakUsage {
  return {
    json: line.flag('json'),
    options: {
      calls: line.wholeNumber('calls', SOAK_DEFAULTS.calls),
      nodes: line.wholeNumber('nodes', SOAK_DEFAULTS.nodes),
      concurrency: line.wholeNumber('concurrency', SOAK_DEFAULTS.concurrency),
      killEveryMs: line.wholeNumber('kill-every-ms', SOAK_DEFAULTS.killEveryMs),
      sampleEveryMs: line.wholeNumber('sample-every-ms', SOAK_DEFAULTS.sampleEveryMs),
    },
  };
}

async function run({ json, options }: SoakUsage): Promise<number> {
  // A dev agent of its own, which the nodes join, and which ends by itself.
  process.env.MICROMESH_DEV_AGENT_PORT ??= String(await freePort());
  const { calls } = options;
  const result = await runSoak(options, (sample, failed) => {
    const share = Math.round((100 * sample.calls) / calls);
    process.stderr.write(
      `${String(share).padStart(3)} %  ${sample.calls} calls, ${failed} failed  heap ${sample.heapMiB} MiB  rss ${sample.rssMiB} MiB  ${sample.handles} handles\n`,
    );
  });
  process.stdout.write(`${json ? JSON.stringify(result) : summary(result)}\n`);
  return result.problems.length === 0 ? 0 : 1;
}

function summary(result: SoakResult): string {
  const { calls, failed, kills, seconds, heapMiB, rssMiB, handles, problems, errors } = result;
  const lines = [
    `${calls} calls in ${seconds} s, ${kills} nodes killed: ${failed} failed`,
    `heap    ${words(heapMiB)} MiB`,
    `rss     ${words(rssMiB)} MiB`,
    `handles ${words(handles)}`,
    ...Object.entries(errors).map(([error, times]) => `${times} x ${error}`),
    ...problems.map((problem) => `not good: ${problem}`),
  ];
  return (problems.length === 0 ? pc.green : pc.red)(lines.join('\n'));
}

function words({ first, last, grown }: Growth): string {
  if (Number.isNaN(grown)) return 'not known';
  return `${first} in the first third, ${last} in the last: ${grown >= 0 ? '+' : ''}${grown}`;
}

void runCommand({ name: 'soak', help: HELP, read, run });
