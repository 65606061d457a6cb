import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '@micromesh/cli/stage';
import { silentLogger } from '@micromesh/core';
import { spawnDevAgent } from '@micromesh/registry';
import { HelloService } from '@micromesh/service-hello';
import { createMesh } from 'micromesh';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MarkedProcess, until } from './marked-process.js';

const DEMO = ['packages/micromesh/bin/micromesh.js', 'demo'];

async function startDemo(...args: string[]): Promise<{ demo: MarkedProcess; port: number }> {
  const port = await freePort();
  const demo = new MarkedProcess(process.execPath, [...DEMO, '--port', String(port), ...args]);
  onTestFinished(() => demo.destroy());
  await demo.untilOutput(/ready: curl/);
  return { demo, port };
}

describe('the live demo', { timeout: 180_000 }, () => {
  test('answers through gateway, user and hello, and survives the kill of a node', async () => {
    const { demo, port } = await startDemo('--nodes', '2');
    const answer = async () => (await fetch(`http://localhost:${port}/user/test`)).text();
    expect(await answer()).toBe('{"msg":"Hello xuxu"}');

    process.kill(Number(/hello 1 .* pid (\d+)/.exec(demo.stdout)?.[1]), 'SIGKILL');
    await demo.untilOutput(/hello 1 .* killed/);
    expect(await answer()).toBe('{"msg":"Hello xuxu"}');

    demo.child.kill('SIGTERM');
    expect(await demo.untilEnded(5_000)).toBe(0);
    // The two executions of this test are counted apart.
    const sums =
      /(\d+) calls, 0 failed, \d+ in flight; (\d+) executions, (\d+) calls executed twice, \d+ retried; 2 executions of calls by others\n$/;
    const [calls = 0, executions, twice = 0] = (sums.exec(demo.stdout) ?? []).slice(1).map(Number);
    expect(calls, demo.stdout).toBeGreaterThan(0);
    // The kill meets one call in twenty between its effect and its answer, as in a terminal: that one has two.
    expect(twice).toBeLessThanOrEqual(1);
    expect(executions).toBe(calls + twice);
  });

  test('tells other programs how to join, and which registry has no such service', async () => {
    const { demo } = await startDemo('--nodes', '1');
    const [, registry = ''] = /ready: .* join with MICROMESH_REGISTRY=(consul:\S+)\n/.exec(demo.stdout) ?? [];
    const mesh = createMesh({ registry, logger: silentLogger });
    onTestFinished(() => mesh.close());
    const call = (service: string) => mesh.client(HelloService, { service }).anything({ name: 'joined' });
    expect(await call('hello')).toEqual({ msg: 'Hello joined' });
    await expect(call('shoop')).rejects.toThrow(
      `no node of shoop is registered at ${registry.replace('://', ' ')}; start one, or check`,
    );
  });

  test('uses an agent that it did not start, and leaves it alone but for its own services', async () => {
    const agent = await spawnDevAgent({ port: 0 });
    onTestFinished(() => agent.stop());
    const services = async () => {
      const response = await fetch(`http://${agent.address}/v1/agent/services`);
      return Object.keys(Object(await response.json()));
    };

    const { demo } = await startDemo('--nodes', '1', '--registry', `consul://${agent.address}`);
    expect(await services()).toHaveLength(2);
    demo.child.kill('SIGTERM');
    await demo.untilEnded(5_000);
    await until(
      () => 'services are left',
      async () => (await services()).length === 0,
      5_000,
    );
  });

  test('says which port is taken, and what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const demo = new MarkedProcess(process.execPath, [...DEMO, '--port', String(port)]);
    onTestFinished(() => demo.destroy());
    expect(await demo.untilEnded(60_000)).toBe(1);
    expect(demo.stderr).toContain(
      `port ${port} is taken; give another: npm start -- --port ${port + 1}, or npx micromesh`,
    );
  });

  test.each([
    [
      'consul://127.0.0.1:PORT?token=secret',
      /PORT\?token=\.\.\." does not answer .*; start an agent there, or use --registry consul/,
    ],
    ['foo', /--registry: "foo" is no agent .*; write consul:\/\/host:port/],
  ])('refuses the registry %s before it starts anything', async (registry, message) => {
    const port = String(await freePort());
    const url = registry.replace('PORT', port);
    const demo = new MarkedProcess(process.execPath, [
      ...DEMO,
      ...['--port', String(await freePort()), '--registry', url],
    ]);
    onTestFinished(() => demo.destroy());
    expect(await demo.untilEnded(60_000)).toBe(2);
    expect(demo.stderr.replaceAll(port, 'PORT')).toMatch(message);
    expect(demo.stderr).not.toContain('starting');
    expect(demo.stderr).not.toContain('secret');
  });
});
