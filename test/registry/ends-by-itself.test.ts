import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { freePort } from '@micromesh/cli/stage';
import { expect, it } from 'vitest';
import { list, misbehave, ScriptedAgent } from './scripted-agent.js';

const registry = new URL('../../packages/registry/dist/index.js', import.meta.url).href;

/** Runs a program that has `registryFrom`; gives what it printed, and how long it lived after it closed its registry. */
async function run(script: string): Promise<{ output: string; lingeredMs: number; status: number | null }> {
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
  const { output, lingeredMs, status } = await run(program(`consul://127.0.0.1:${await freePort()}`));
  expect(output).toContain('RegistryError');
  expect({ status, soon: lingeredMs < 1_000 }).toEqual({ status: 0, soon: true });
});

it.each([
  ['hangs', misbehave.hang],
  ['stops half-way through a body', misbehave.halfThenSilence],
  ['answers', list([], 5)],
])('a program ends by itself when its registry %s', async (_, behave) => {
  const agent = await new ScriptedAgent().start();
  agent.script(behave, behave, behave, behave);
  const { lingeredMs, status } = await run(program(`consul://${agent.address}`));
  expect({ status, soon: lingeredMs < 1_000 }).toEqual({ status: 0, soon: true });
  await expect.poll(() => agent.openConnections).toBe(0);
  await agent.die();
});

it('three hundred registries leave nothing behind when they are closed', { timeout: 60_000 }, async () => {
  const agent = await new ScriptedAgent().start();
  agent.script(...Array.from({ length: 4_000 }, () => list([], 5)));
  const { output, status } = await run(`
    for (let round = 0; round < 300; round++) {
      const registry = registryFrom(${JSON.stringify(`consul://${agent.address}`)}, { env: {} });
      const watch = registry.watch({ name: 'hello' });
      await new Promise((resolve) => watch.subscribe(resolve));
      await registry.close();
    }
    await new Promise((resolve) => setImmediate(resolve));
    console.log(JSON.stringify(process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap')));`);
  expect({ output: output.trim(), status }).toEqual({ output: '[]', status: 0 });
  await agent.die();
});
