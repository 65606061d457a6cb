import { spawnSync } from 'node:child_process';
import { freePort } from '@micromesh/cli/stage';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TEST_ALL } from '../test-all.js';
import { MarkedProcess } from './marked-process.js';

const END_MS = 5_000;
// util-linux's `script` gives the demo a terminal.
const canHaveTerminal =
  process.platform === 'linux' && spawnSync('script', ['--version']).stdout?.includes('util-linux');

async function startInTerminal(rows = 40): Promise<MarkedProcess> {
  const port = await freePort();
  const command = `stty cols 110 rows ${rows}; npm start -- --port ${port}`;
  const demo = new MarkedProcess('script', ['-qfec', command, '/dev/null'], { TERM: 'xterm', NO_COLOR: '1' });
  onTestFinished(() => demo.destroy());
  return demo;
}

describe.skipIf(!canHaveTerminal)('the demo in a terminal', { timeout: 180_000 }, () => {
  test('kills, freezes, thaws and starts nodes by keys, and ends by Ctrl-C with a node frozen', async () => {
    const demo = await startInTerminal();
    await demo.untilOutput(/3 {2}hello-\w{8}.*running +ready/);

    demo.type('k');
    await demo.untilOutput(/▸ 1 {2}hello-\w{8}.*killed +down/);
    await demo.untilOutput(/hello-\w{8} (dropped|connect) after \d+ ms → hello-\w{8} answered|killed +down/);
    demo.type('s');
    await demo.untilOutput(/hello-\w{8} started/);
    demo.type('2f');
    await demo.untilOutput(/▸ 2 {2}hello-\w{8}.*frozen +down/);
    demo.type('t');
    await demo.untilOutput(/SIGCONT hello-\w{8}/);
    demo.type('3f');
    await demo.untilOutput(/▸ 3 {2}hello-\w{8}.*frozen/);

    demo.type('\x03');
    await demo.untilNoneLeft(END_MS);
    const sums = /(\d+) calls, 0 failed, \d+ in flight; (\d+) executions, (\d+) calls executed twice/.exec(
      demo.stdout,
    );
    const [calls, executions, twice] = (sums ?? []).slice(1).map(Number);
    expect(calls, demo.stdout).toBeGreaterThan(0);
    // The kill meets one call in twenty between its effect and its answer: that one has two.
    expect(twice).toBeLessThanOrEqual(1);
    expect(executions).toBe((calls ?? 0) + (twice ?? 0));
  });

  test.runIf(TEST_ALL)(
    'shows its keys on a small screen, says so of a key that is none, and ends by q',
    async () => {
      const demo = await startInTerminal(12);
      await demo.untilOutput(/q quit/);
      demo.type('x');
      await demo.untilOutput(/x does nothing; 1-9 select, k kill -9,/);
      demo.type('9');
      await demo.untilOutput(/there is no node 9; there are 1 to 3/);
      demo.type('q');
      await demo.untilNoneLeft(END_MS);
    },
  );

  test('ends by Ctrl-C while it starts, which reaches all its processes at once', async () => {
    const demo = await startInTerminal();
    await demo.untilOutput(/starting a registry/);
    demo.type('\x03');
    await demo.untilNoneLeft(END_MS);
    expect(demo.stdout).not.toContain('did not start');
  });
});
