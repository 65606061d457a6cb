import { existsSync } from 'node:fs';
import { freePort } from '@micromesh/cli/stage';
import { afterEach, describe, expect, test } from 'vitest';
import { TEST_ALL } from '../test-all.js';
import { MarkedProcess } from './marked-process.js';

const TIMEOUT_MS = 180_000;
/** The word: within 5 s nothing is left. */
const END_MS = 5_000;

const started: MarkedProcess[] = [];
afterEach(() => {
  for (const each of started.splice(0)) each.destroy();
});

async function startDemo(command: string, args: readonly string[]): Promise<MarkedProcess> {
  const port = await freePort();
  const demo = new MarkedProcess(command, [...args, '--nodes', '1', '--port', String(port)]);
  started.push(demo);
  await demo.untilOutput(/ready: curl http:\/\/localhost/);
  return demo;
}

const npmStart = () => startDemo('npm', ['start', '--']);
const npx = () => startDemo('npx', ['micromesh', 'demo']);
const bare = () => startDemo(process.execPath, ['packages/micromesh/bin/micromesh.js', 'demo']);

function pidOf(demo: MarkedProcess, slot: number): number {
  return Number(new RegExp(`hello ${slot} .* pid (\\d+) running`).exec(demo.stdout)?.[1]);
}

// What is left is found by the environment of processes, which only Linux shows.
describe.skipIf(process.platform !== 'linux')('the demo leaves no process', { timeout: TIMEOUT_MS }, () => {
  test('after SIGTERM to npm', async () => {
    const demo = await npmStart();
    const folder = demo.demoFolder;
    demo.child.kill('SIGTERM');
    await demo.untilNoneLeft(END_MS);
    expect(demo.stdout).toMatch(/\d+ calls, 0 failed, .* 0 calls executed twice/);
    expect(existsSync(folder)).toBe(false);
  });

  test('after kill -9 of npm', async () => {
    const demo = await npmStart();
    const folder = demo.demoFolder;
    demo.child.kill('SIGKILL');
    await demo.untilNoneLeft(END_MS);
    expect(existsSync(folder)).toBe(false);
  });

  test('after kill -9 of the demo, with a node that is frozen', async () => {
    const demo = await npmStart();
    const folder = demo.demoFolder;
    process.kill(pidOf(demo, 1), 'SIGSTOP');
    process.kill(demo.demoPid, 'SIGKILL');
    await demo.untilNoneLeft(END_MS);
    expect(existsSync(folder)).toBe(false);
  });

  test('after SIGTERM to npx', async () => {
    const demo = await npx();
    demo.child.kill('SIGTERM');
    await demo.untilNoneLeft(END_MS);
  });

  test.runIf(TEST_ALL)('after kill -9 of npx', async () => {
    const demo = await npx();
    demo.child.kill('SIGKILL');
    await demo.untilNoneLeft(END_MS);
  });

  test.runIf(TEST_ALL)('after SIGINT, and exits 0: that is how it is meant to end', async () => {
    const demo = await bare();
    demo.child.kill('SIGINT');
    expect(await demo.untilEnded(END_MS)).toBe(0);
    await demo.untilNoneLeft(END_MS);
  });

  test.runIf(TEST_ALL)('after SIGINT while it starts', async () => {
    const port = await freePort();
    const demo = new MarkedProcess(process.execPath, [
      'packages/micromesh/bin/micromesh.js',
      'demo',
      '--port',
      String(port),
    ]);
    started.push(demo);
    await demo.untilProcesses(5);
    demo.child.kill('SIGINT');
    expect(await demo.untilEnded(END_MS)).toBe(0);
    await demo.untilNoneLeft(END_MS);
  });

  test('after a scenario that was cut short, which exits 143', async () => {
    const demo = new MarkedProcess(process.execPath, [
      'packages/micromesh/bin/micromesh.js',
      ...['demo', '--scenario', 'freeze', '--seconds', '4', '--json'],
    ]);
    started.push(demo);
    await demo.untilOutput(/SIGSTOP hello/);
    demo.child.kill('SIGTERM');
    expect(await demo.untilEnded(END_MS)).toBe(143);
    expect(demo.stdout).toBe('');
    await demo.untilNoneLeft(END_MS);
  });
});
