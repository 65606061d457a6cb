import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { freePort } from '@micromesh/cli/stage';
import type { Registry } from '@micromesh/registry';
import { embedded, spawnDevAgent } from '@micromesh/registry';
import { afterEach, describe, expect, it } from 'vitest';
import { askJson } from './ask.js';

const REGISTRY_MODULE = new URL('../../packages/registry/dist/index.js', import.meta.url).href;
/** Longer than the machine stands still. */
const IDLE_MS = 3_000;
/** For processes that start at once: on a busy machine the last begins when the first has ended. */
const LONG_IDLE_MS = 20_000;

const registries: Registry[] = [];
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close();
});

function open(port: number): Registry {
  const registry = embedded({ port, idleMs: IDLE_MS });
  registries.push(registry);
  return registry;
}

function node(id: string) {
  return {
    service: { name: 'hello' },
    id,
    address: { kind: 'tcp', host: '127.0.0.1', port: 5001 },
    version: '1.0.0',
    labels: {},
    weight: 1,
    check: 'auto',
  } as const;
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

async function agentPid(port: number): Promise<number> {
  const self = await askJson(`127.0.0.1:${port}`, '/v1/agent/self');
  const { MicromeshDevAgent } = self as { MicromeshDevAgent: { pid: number } };
  return MicromeshDevAgent.pid;
}

async function passing(port: number): Promise<number> {
  const answer = await askJson(`127.0.0.1:${port}`, '/v1/health/service/hello?passing');
  return Array.isArray(answer) ? answer.length : 0;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Runs a program that has the registry package as `registry`; gives its status and what it printed. */
async function run(code: string, env: Record<string, string> = {}) {
  const script = `import * as registry from ${JSON.stringify(REGISTRY_MODULE)};\n${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      printed += String(chunk);
    });
  }
  const [status] = await once(child, 'close');
  return { status, printed };
}

describe('the embedded registry', () => {
  it('starts an agent, shares it, and lets it end by itself when nobody asks any more', async () => {
    const port = await freePort();
    const registered = await open(port).register(node('hello-1'));
    const pid = await agentPid(port);
    const watch = open(port).watch({ name: 'hello' });
    await expect.poll(() => watch.state.kind).toBe('current');
    expect(watch.state).toMatchObject({ snapshot: { nodes: [{ id: 'hello-1' }] } });
    expect(await agentPid(port)).toBe(pid);
    await registered.deregister();
    await expect.poll(() => watch.state).toMatchObject({ snapshot: { nodes: [] } });
    // Longer than the agent would stay idle: a watch is somebody who asks.
    await new Promise((resolve) => setTimeout(resolve, 1.5 * IDLE_MS));
    expect(await agentPid(port)).toBe(pid);
    for (const registry of registries.splice(0)) await registry.close();
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('takes the place of an agent that was killed, and registers its nodes again', async () => {
    const port = await freePort();
    const [first, second] = [open(port), open(port)];
    const watch = second.watch({ name: 'hello' });
    await first.register(node('hello-1'));
    await second.register({ ...node('hello-2'), address: { kind: 'tcp', host: '127.0.0.1', port: 5002 } });
    for (let round = 0; round < 2; round++) {
      const pid = await agentPid(port);
      process.kill(pid, 'SIGKILL');
      await expect.poll(() => agentPid(port).catch(() => pid)).not.toBe(pid);
      await expect.poll(() => passing(port)).toBe(2);
      await expect
        .poll(() => watch.state)
        .toMatchObject({ kind: 'current', snapshot: { nodes: [{ id: 'hello-1' }, { id: 'hello-2' }] } });
    }
  });

  it('is one agent also when many processes start at once', async () => {
    const port = await freePort();
    const code = `
      const embedded = registry.embedded({ port: ${port}, idleMs: ${LONG_IDLE_MS} });
      await embedded.services();
      const self = await (await fetch('http://127.0.0.1:${port}/v1/agent/self')).json();
      console.log(self.MicromeshDevAgent.pid);
      await embedded.close();`;
    const runs = await Promise.all(Array.from({ length: 4 }, () => run(code)));
    expect(runs.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
    expect(new Set(runs.map(({ printed }) => printed)).size).toBe(1);
    expect(Number(runs[0]?.printed)).toBeGreaterThan(0);
  });

  it('does not keep a program running that has closed it, nor one that never used it', async () => {
    const port = await freePort();
    const used = await run(`
      const embedded = registry.embedded({ port: ${port}, idleMs: ${IDLE_MS} });
      const watch = embedded.watch({ name: 'hello' });
      await embedded.services();
      await embedded.close();`);
    const unused = await run(`registry.embedded({ port: ${port} });`);
    const closedEarly = await run(`
      const embedded = registry.embedded({ port: ${port}, idleMs: ${IDLE_MS} });
      const watch = embedded.watch({ name: 'hello' });
      await embedded.close();`);
    // One that is kept running does not end within the time of this test.
    expect([used.status, unused.status, closedEarly.status]).toEqual([0, 0, 0]);
  });

  it('names the port and the holder when something else has it, and works once it is free', async () => {
    const web = createServer((_request, response) => response.writeHead(404).end('<html>no</html>'));
    const port = await freePort();
    web.listen(port, '127.0.0.1');
    await once(web, 'listening');
    const registry = open(port);
    const watch = registry.watch({ name: 'hello' });
    await expect(registry.register(node('hello-1'))).rejects.toThrow(
      `port ${port} is held by another HTTP server (it answers 404), not by micromesh's dev agent`,
    );
    expect(watch.state).toMatchObject({ kind: 'unknown', error: expect.stringContaining(`port ${port}`) });
    web.closeAllConnections();
    web.close();
    await expect.poll(() => watch.state.kind).toBe('current');
  });

  it('tells a port of another kind, and one of a Consul, from an agent', async () => {
    const greeter = createTcpServer((socket) => socket.on('error', () => {}).end('220 hello\r\n'));
    const port = await freePort();
    greeter.listen(port, '127.0.0.1');
    await once(greeter, 'listening');
    await expect(open(port).services()).rejects.toThrow('something that does not speak HTTP');
    greeter.close();
    const body = JSON.stringify({ Config: { NodeName: 'n', Version: '1.20.1' } });
    const consul = createServer((_request, response) => response.end(body));
    consul.listen(port, '127.0.0.1');
    await once(consul, 'listening');
    await expect(open(port).services()).rejects.toThrow(`port ${port} is held by a Consul agent (1.20.1)`);
    consul.closeAllConnections();
    consul.close();
  });

  it('refuses NODE_ENV=production, in the mesh and in the process', async () => {
    expect(() => embedded({ env: { NODE_ENV: 'production' } })).toThrow('is no place for the dev agent');
    const program = new URL('./dev-agent/main.js', REGISTRY_MODULE).pathname;
    const child = spawn(process.execPath, [program, '--port', '0'], {
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [[chunk], [status]] = await Promise.all([once(child.stderr, 'data'), once(child, 'close')]);
    expect(String(chunk)).toContain('NODE_ENV: "production" is no place for the dev agent');
    expect(status).toBe(1);
  });
});

describe('a spawned dev agent', () => {
  it('comes back empty at its address after kill -9, and is gone when stopped', async () => {
    const agent = await spawnDevAgent({ port: 0 });
    const { address, pid } = agent;
    const put = { method: 'PUT', body: JSON.stringify({ Name: 'x' }) };
    await fetch(`http://${address}/v1/agent/service/register`, put);
    agent.kill('SIGKILL');
    await agent.restart();
    expect(agent.address).toBe(address);
    expect(agent.pid).not.toBe(pid);
    expect(await askJson(address, '/v1/catalog/services')).toEqual({ consul: [] });
    await expect(spawnDevAgent({ port: portOf(address) })).rejects.toThrow(
      `port ${portOf(address)} is taken`,
    );
    const last = agent.pid;
    await agent.stop();
    expect([isAlive(last), agent.pid]).toEqual([false, 0]);
  });

  it('ends with the process that started it, also after kill -9', async () => {
    const { printed } = await run(`
      const agent = await registry.spawnDevAgent({ port: 0 });
      process.stdout.write(String(agent.pid), () => process.kill(process.pid, 'SIGKILL'));`);
    const pid = Number(printed);
    expect(pid).toBeGreaterThan(0);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});
