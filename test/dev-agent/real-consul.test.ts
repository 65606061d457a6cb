import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { startConsul } from '@micromesh/cli/stage';
import { describe, expect, it } from 'vitest';
import { consulForTests } from './consul-binary.js';

const found = await consulForTests();

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function servicesOf(address: string): Promise<unknown> {
  return (await fetch(`http://${address}/v1/catalog/services`)).json();
}

describe.skipIf(found === undefined)('a real Consul of our own', () => {
  const binary = found?.path ?? '';

  it('comes back empty at its address after kill -9, and leaves nothing when stopped', async () => {
    const consul = await startConsul({ binary });
    try {
      const body = JSON.stringify({ Name: 'x' });
      await fetch(`http://${consul.address}/v1/agent/service/register`, { method: 'PUT', body });
      expect(await servicesOf(consul.address)).toEqual({ consul: [], x: [] });
      const { address, pid } = consul;
      consul.kill('SIGKILL');
      await consul.restart();
      expect(consul.address).toBe(address);
      expect(consul.pid).not.toBe(pid);
      expect(await servicesOf(consul.address)).toEqual({ consul: [] });
    } finally {
      await consul.stop();
    }
    await expect(servicesOf(consul.address)).rejects.toThrow();
  });

  it('names the cause, with the end of the log, when the port is taken', async () => {
    const consul = await startConsul({ binary });
    try {
      const httpPort = Number(consul.address.split(':')[1]);
      await expect(startConsul({ binary, httpPort })).rejects.toThrow(
        /ended early[\s\S]*address already in use/,
      );
    } finally {
      await consul.stop();
    }
  });

  it('ends with the process that started it, also after kill -9', async () => {
    const module = new URL('../../packages/cli/dist/stage/index.js', import.meta.url).href;
    const script = `
      import { startConsul } from ${JSON.stringify(module)};
      const consul = await startConsul({ binary: process.argv[1] });
      console.log(consul.pid);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, binary], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(child.stdout, 'data');
    const pid = Number(String(line));
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

// A killed process whose new parent has not asked for its status yet still takes signal 0.
function isRunning(pid: number): boolean {
  if (!isAlive(pid)) return false;
  return !/^Z/.test(String(execFileSync('ps', ['-o', 'stat=', '-p', String(pid)])).trim());
}
