import { execFile } from 'node:child_process';
import { freePort } from '@micromesh/cli/stage';
import { expect, test } from 'vitest';
import { againIfStoodStill } from '../machine/stand-still.js';

const TIMEOUT_MS = 120_000;
const SECONDS = 5;
// The pace of `npm run bench:reload`, which goes on for a minute at 400 calls a second.
const VERSIONS = 80;
const RPS = 100;

/** What it prints, whatever its exit status: the problems are told in it. */
async function reload(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, MICROMESH_DEV_AGENT_PORT: String(await freePort()) };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--expose-gc', 'packages/bench/dist/reload/main.js', '--json', ...args],
      { env, timeout: TIMEOUT_MS },
      (_, stdout, stderr) => resolve(stdout === '' ? stderr : stdout),
    );
  });
}

test(
  '80 versions of the policies in 5 s fail no call, and none mixes two of them',
  {
    timeout: 2 * TIMEOUT_MS,
  },
  () =>
    againIfStoodStill(async () => {
      const options = { seconds: SECONDS, versions: VERSIONS, rps: RPS };
      const printed = await reload(
        ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
      );
      const result = JSON.parse(printed);
      expect(result, printed).toMatchObject({
        ...{ calls: SECONDS * RPS, failed: 0, versions: VERSIONS, mixed: 0, without: 0, problems: [] },
      });
      expect(result.retried).toBeGreaterThan(0);
    }),
);
