import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { againIfStoodStill } from '../machine/stand-still.js';
import { TEST_ALL } from '../test-all.js';

const MAIN = fileURLToPath(new URL('../../packages/bench/dist/faults/main.js', import.meta.url));
const SHORT = ['--only', 'kill', '--rate', '20', '--before-ms', '500', '--after-ms', '500'];

const WAIT = { timeout: 60_000, interval: 100 };

/** How a run ended; status 1 is for promises that a busy machine may break. */
async function bench(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = execFile(process.execPath, [MAIN, ...args]);
  const texts = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => (texts.stdout += chunk));
  child.stderr?.on('data', (chunk) => (texts.stderr += chunk));
  const [status] = await once(child, 'close');
  return { status, ...texts };
}

/** The processes that this one has started, by their number. */
function childrenOf(pid: number | undefined): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  return parentOf(String(pid)) !== undefined;
}

describe('the bench of faults', () => {
  it.runIf(TEST_ALL)(
    'gives two rows a client, with what the nodes executed',
    () =>
      againIfStoodStill(async () => {
        const { status, stdout, stderr } = await bench('--json', ...SHORT);
        const rows = JSON.parse(stdout);
        expect(status, stderr).toBeLessThanOrEqual(1);
        expect(new Set(rows.map(({ client }: { client: string }) => client)).size).toBe(9);
        expect(rows).toHaveLength(18);
        const own = rows.filter((row: { client: string }) => row.client === 'micromesh');
        expect(own).toMatchObject([
          { fault: 'kill', idempotent: true, calls: 10, failed: 0, executedTwice: 0 },
          { fault: 'kill', idempotent: false, calls: 10, failed: 0, executedTwice: 0 },
        ]);
        expect(stderr).toBe('[1/1] kill\n');
      }),
    240_000,
  );

  it.runIf(TEST_ALL && process.platform === 'linux')(
    'leaves no process behind when it is interrupted',
    async () => {
      const child = spawn(process.execPath, [MAIN, ...SHORT, '--after-ms', '60000'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const closed = once(child, 'close');
      // A registry, six nodes, nine clients and what looks after them.
      await expect.poll(() => childrenOf(child.pid).length, WAIT).toBeGreaterThan(12);
      const children = childrenOf(child.pid);
      child.kill('SIGINT');
      expect(await closed).toEqual([130, null]);
      await expect.poll(() => children.filter(isRunning), WAIT).toEqual([]);
    },
    240_000,
  );

  it('says what is wrong with its options, and ends with status 2', async () => {
    const { status, stderr } = await bench('--only', 'flood');
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('--only: "flood" is no fault; there are kill, sigterm'),
    });
    await expect(promisify(execFile)(process.execPath, [MAIN, '--help'])).resolves.toMatchObject({
      stdout: expect.stringContaining('--only FAULT[,FAULT]'),
    });
  });
});
