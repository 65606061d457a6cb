import { once } from 'node:events';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { wholeNumber } from '../whole-number.js';
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

Exit status: 0 no call failed and nothing grew, 1 otherwise, 2 wrong usage.
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
  // A dev agent of its own, which the nodes join, and which ends by itself.
  process.env.MICROMESH_DEV_AGENT_PORT ??= String(await freePort());
  const { calls } = usage.options;
  const result = await runSoak(usage.options, (sample, failed) => {
    const share = Math.round((100 * sample.calls) / calls);
    process.stderr.write(
      `${String(share).padStart(3)} %  ${sample.calls} calls, ${failed} failed  heap ${sample.heapMiB} MiB  rss ${sample.rssMiB} MiB  ${sample.handles} handles\n`,
    );
  });
  process.stdout.write(`${usage.json ? JSON.stringify(result) : summary(result)}\n`);
  return result.ok ? 0 : 1;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}

function summary(result: SoakResult): string {
  const { calls, failed, kills, seconds, heapMiB, rssMiB, handles, ok, errors } = result;
  const lines = [
    `${calls} calls in ${seconds} s, ${kills} nodes killed: ${failed} failed`,
    `heap    ${words(heapMiB)} MiB`,
    `rss     ${words(rssMiB)} MiB`,
    `handles ${words(handles)}`,
    ...Object.entries(errors).map(([error, times]) => `${times} x ${error}`),
  ];
  return (ok ? pc.green : pc.red)(lines.join('\n'));
}

function words({ first, last, grown }: Growth): string {
  return `${first} in the first third, ${last} in the last: ${grown >= 0 ? '+' : ''}${grown}`;
}

function readArguments(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        calls: { type: 'string', default: String(SOAK_DEFAULTS.calls) },
        nodes: { type: 'string', default: String(SOAK_DEFAULTS.nodes) },
        concurrency: { type: 'string', default: String(SOAK_DEFAULTS.concurrency) },
        'kill-every-ms': { type: 'string', default: String(SOAK_DEFAULTS.killEveryMs) },
        'sample-every-ms': { type: 'string', default: String(SOAK_DEFAULTS.sampleEveryMs) },
      },
    });
    const options: SoakOptions = {
      calls: wholeNumber('calls', values.calls),
      nodes: wholeNumber('nodes', values.nodes),
      concurrency: wholeNumber('concurrency', values.concurrency),
      killEveryMs: wholeNumber('kill-every-ms', values['kill-every-ms']),
      sampleEveryMs: wholeNumber('sample-every-ms', values['sample-every-ms']),
    };
    return { options, json: values.json, help: values.help };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`soak: ${error}\n`);
    process.exitCode = 1;
  },
);
