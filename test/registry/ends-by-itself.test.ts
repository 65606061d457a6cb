import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { freePort } from '@micromesh/cli/stage';
import { expect, it } from 'vitest';
import { list, misbehave, ScriptedAgent } from './scripted-agent.js';

const registry = new URL('../../packages/registry/dist/index.js', import.meta.url).href;

interface Ended {
  readonly output: string;
  /** How long it lived after it had closed its registry. */
  readonly lingeredMs: number;
  readonly status: number | null;
}

const SOON_MS = 1_000;
const TRIES = 3;

/** Runs a program to its end; again where it lingers, as a busy machine may have held up one, and what holds a program holds each. */
async function runUntilSoon(script: string): Promise<Ended> {
  let ended = await run(script);
  for (let tries = 1; tries < TRIES && ended.status === 0 && !(ended.lingeredMs < SOON_MS); tries++) {
    ended = await run(script);
  }
  return ended;
}

/** Runs a program that has `registryFrom`. */
async function run(script: string): Promise<Ended> {
  const source = `import { registryFrom } from ${JSON.stringify(registry)};\n${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 50_000,
  });
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const closedAt = Number(/closed at (\d+)/.exec(output)?.[1]);
  return { output, lingeredMs: Date.now() - closedAt, status };
}

const registration = `{ service: { name: 'hello' }, id: 'hello-1', address: { kind: 'tcp', host: '127.0.0.1', port: 5001 },
  version: '', labels: {}, weight: 1, check: 'ttl' }`;

function program(spec: string): string {
  return `
    const registry = registryFrom(${JSON.stringify(spec)}, { env: {} });
    const watches = ['a', 'b', 'a'].map((name) => registry.watch({ name }));
    const registering = registry.register(${registration}).catch((error) => console.log(error.name));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await registry.close();
    console.log('closed at', Date.now());
    await registering;`;
}

it('a program ends by itself when its registry was never there', async () => {
  const { output, lingeredMs, status } = await runUntilSoon(
    program(`consul://127.0.0.1:${await freePort()}`),
  );
  expect(output).toContain('RegistryError');
  expect({ status, soon: lingeredMs < SOON_MS }).toEqual({ status: 0, soon: true });
});

it.each([
  ['hangs', misbehave.hang],
  ['stops half-way through a body', misbehave.halfThenSilence],
  ['answers', list([], 5)],
])('a program ends by itself when its registry %s', async (_, behave) => {
  const agent = await new ScriptedAgent().start();
  agent.script(...Array.from({ length: 4 * TRIES }, () => behave));
  const { lingeredMs, status } = await runUntilSoon(program(`consul://${agent.address}`));
  expect({ status, soon: lingeredMs < SOON_MS }).toEqual({ status: 0, soon: true });
  await expect.poll(() => agent.openConnections).toBe(0);
  await agent.die();
});

it('three hundred registries leave nothing behind when they are closed', { timeout: 120_000 }, async () => {
  const agent = await new ScriptedAgent().start();
  agent.script(...Array.from({ length: 4_000 }, () => list([], 5)));
  const { output, status } = await run(`
    for (let round = 0; round < 300; round++) {
      const registry = registryFrom(${JSON.stringify(`consul://${agent.address}`)}, { env: {} });
      const watch = registry.watch({ name: 'hello' });
      await new Promise((resolve) => watch.subscribe(resolve));
      await registry.close();
    }
    const left = () => process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap');
    // Sockets take a turn or more of the event loop to close.
    for (let turn = 0; turn < 100 && left().length > 0; turn++) await new Promise((resolve) => setTimeout(resolve, 20));
    console.log(JSON.stringify(left()));`);
  expect({ output: output.trim(), status }).toEqual({ output: '[]', status: 0 });
  await agent.die();
});
