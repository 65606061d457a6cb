import { freePort } from '@micromesh/cli/stage';
import pc from 'picocolors';
import type { CommandLine } from '../command/command-line.js';
import { runCommand } from '../command/run-command.js';
import type { Growth } from '../soak/footprint.js';
import { RELOAD_DEFAULTS, type ReloadOptions } from './reload-options.js';
import { type ReloadResult, runReload } from './run-reload.js';

const HELP = `Usage: npm run bench:reload -- [options]

A thousand versions of the policies in a minute, under load: no call fails, none goes by parts of two versions, and
memory does not grow.

  --versions N   that are written; default ${RELOAD_DEFAULTS.versions}
  --seconds N    default ${RELOAD_DEFAULTS.seconds}
  --rps N        calls a second; default ${RELOAD_DEFAULTS.rps}
  --json         print one JSON object
  --help

Example:
  $ npm run --silent bench:reload -- --seconds 10 --versions 160 --json > reload.json

Exit status: 0 no call failed or mixed versions, and nothing grew; 1 otherwise, or too short to tell; 2 wrong usage.
`;

interface ReloadUsage {
  readonly json: boolean;
  readonly options: ReloadOptions;
}

function read(line: CommandLine): ReloadUsage {
  return {
    json: line.flag('json'),
    options: {
      versions: line.wholeNumber('versions', RELOAD_DEFAULTS.versions),
      seconds: line.wholeNumber('seconds', RELOAD_DEFAULTS.seconds),
      rps: line.wholeNumber('rps', RELOAD_DEFAULTS.rps),
    },
  };
}

async function run({ json, options }: ReloadUsage): Promise<number> {
  // A dev agent of its own, which the nodes join, and which ends by itself.
  process.env.MICROMESH_DEV_AGENT_PORT ??= String(await freePort());
  const result = await runReload(options, ({ sample, failed, versions, followed }) => {
    const share = Math.round((100 * sample.atMs) / (options.seconds * 1000));
    process.stderr.write(
      `${String(share).padStart(3)} %  ${sample.calls} calls, ${failed} failed  ${versions} versions, ${followed} followed  heap ${sample.heapMiB} MiB  rss ${sample.rssMiB} MiB\n`,
    );
  });
  process.stdout.write(`${json ? JSON.stringify(result) : summary(result)}\n`);
  return result.problems.length === 0 ? 0 : 1;
}

function summary(result: ReloadResult): string {
  const { calls, failed, retried, versions, followed, mixed, seconds, heapMiB, rssMiB } = result;
  const lines = [
    `${calls} calls and ${versions} versions of the policies in ${seconds} s: ${failed} calls failed, ${mixed} mixed two versions`,
    `calls went by ${followed} versions; ${retried} calls were tried again`,
    `heap    ${words(heapMiB)} MiB`,
    `rss     ${words(rssMiB)} MiB`,
    ...result.mixedWords,
    ...Object.entries(result.errors).map(([error, times]) => `${times} x ${error}`),
    ...result.problems.map((problem) => `not good: ${problem}`),
  ];
  return (result.problems.length === 0 ? pc.green : pc.red)(lines.join('\n'));
}

function words({ first, last, grown }: Growth): string {
  if (Number.isNaN(grown)) return 'not known';
  return `${first} in the first third, ${last} in the last: ${grown >= 0 ? '+' : ''}${grown}`;
}

void runCommand({ name: 'bench:reload', help: HELP, read, run });
