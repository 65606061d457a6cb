import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../packages/bench/dist/main.js', import.meta.url));
const SHORT = ['--starts', '1', '--rounds', '2', '--slice-ms', '100', '--warm-up-ms', '50'];

function bench(...args: string[]) {
  return promisify(execFile)(process.execPath, [MAIN, ...args]);
}

describe('the bench', () => {
  it('prints one JSON object with a figure for each client', async () => {
    const { stdout, stderr } = await bench('--json', ...SHORT);
    const { clients } = JSON.parse(stdout);
    expect(clients.map(({ id }: { id: string }) => id)).toEqual([
      'grpc-js',
      'grpc-js-one-node',
      'grpc-js-round-robin',
      'nice-grpc',
      'micromesh-stub',
      'micromesh-typed',
    ]);
    for (const { calls, cpuUs } of clients) {
      expect(calls).toBeGreaterThan(0);
      expect(cpuUs).toBeGreaterThan(0);
    }
    expect(stderr).toBe('');
  }, 120_000);

  it('says what is wrong with its options, and ends with status 2', async () => {
    await expect(bench('--rounds', 'many')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--rounds: "many" is not a whole number'),
    });
  });
});
