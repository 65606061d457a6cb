import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@micromesh/cli/stage';
import { ConfigError, systemClock, systemRandom } from '@micromesh/core';
import { RegistryError } from '@micromesh/registry';
import { createServer } from '@micromesh/server';
import { describe, expect, it } from 'vitest';
import { steadyMs } from '../machine/steady-clock.js';
import { EchoService, plainClient } from './echo.js';
import { echoHandlers, FakeRegistry, gate, RecordingLogger, say, startEcho } from './harness.js';

describe('start', () => {
  it('registers what it was told, under an id that is new each time', async () => {
    const registry = new FakeRegistry();
    const builder = createServer({
      service: { name: 'echo', datacenter: 'dc2' },
      version: '1.2.0',
      labels: { zone: 'a' },
      weight: 3,
      registry,
      logger: new RecordingLogger(),
      clock: systemClock,
      random: systemRandom,
    }).add(EchoService, echoHandlers);
    const options = { advertise: '192.0.2.1:0', check: 'grpc', drain: { lameDuckMs: 0 } } as const;
    // The same service several times in one process.
    const first = await builder.start(options);
    const second = await builder.start(options);
    expect(registry.registered[0]).toEqual({
      service: { name: 'echo', datacenter: 'dc2' },
      id: first.id,
      address: { kind: 'tcp', host: '192.0.2.1', port: first.port },
      version: '1.2.0',
      labels: { zone: 'a' },
      weight: 3,
      check: 'grpc',
    });
    expect(first.id).toMatch(/^echo-[0-9a-z]{8}$/);
    expect(second.id).not.toBe(first.id);
    expect(first.address).toBe(`192.0.2.1:${first.port}`);
    expect(first.listenAddress).toBe(`127.0.0.1:${first.port}`);
    expect(first.service).toEqual({ name: 'echo', datacenter: 'dc2' });
    await Promise.all([first.stop(), second.stop()]);
    expect(registry.deregistered.sort()).toEqual([first.id, second.id].sort());
  });

  it('listens on IPv6 and on Unix sockets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'echo-'));
    try {
      for (const listen of ['[::1]:0', `unix:${join(folder, 'echo.sock')}`, 'localhost:0']) {
        const running = await startEcho({ listen, register: false });
        const client = plainClient(running.address);
        expect((await say(client, { text: listen })).reply?.text).toBe(listen);
        client.close();
        await running.stop();
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('registers nothing with register: false', async () => {
    const registry = new FakeRegistry();
    const running = await startEcho({ registry, register: false });
    await running.stop();
    expect(registry.attempts).toBe(0);
  });

  it('names an address that is taken, and what to do', async () => {
    const port = await freePort();
    const running = await startEcho({ listen: `127.0.0.1:${port}` });
    const again = startEcho({ listen: `127.0.0.1:${port}` });
    await expect(again).rejects.toThrow(ConfigError);
    await expect(again).rejects.toThrow(
      `start.listen: "127.0.0.1:${port}" is in use: something listens on port ${port} already; stop it, or listen on another ` +
        'port; port 0 takes a free one',
    );
    await running.stop();
    // Free again.
    await (await startEcho({ listen: `127.0.0.1:${port}` })).stop();
  });

  it.each([
    ['203.0.113.9:0', 'is not an address of this machine'],
    ['127.0.0.1', 'is no address'],
    ['127.0.0.1:70000', 'is no address'],
    ['unix:/no/such/folder/x.sock', 'take a folder that is there'],
  ])('refuses to listen on %s', async (listen, message) => {
    await expect(startEcho({ listen })).rejects.toThrow(message);
  });

  it('closes everything when the registry cannot hold the name', async () => {
    const registry = new FakeRegistry();
    registry.onRegister = () =>
      Promise.reject(new ConfigError('service', 'a b', 'is no DNS label', 'use letters'));
    const port = await freePort();
    const failed = startEcho({ registry, listen: `127.0.0.1:${port}`, signals: ['SIGUSR2'] });
    await expect(failed).rejects.toThrow('is no DNS label');
    expect(process.listenerCount('SIGUSR2')).toBe(0);
    await (await startEcho({ listen: `127.0.0.1:${port}` })).stop();
  });

  it('tries a registry again that is not there yet', async () => {
    const registry = new FakeRegistry();
    registry.onRegister = (attempt) =>
      attempt < 2 ? Promise.reject(new RegistryError('no leader')) : undefined;
    const running = await startEcho({ registry });
    expect(registry.attempts).toBe(2);
    await running.stop();
  });

  it('ends in an error when a signal comes before it has registered, and leaves no entry', async () => {
    const registry = new FakeRegistry();
    const entered = gate();
    const go = gate();
    registry.onRegister = () => {
      entered.open();
      return go.opened;
    };
    const starting = startEcho({ registry, signals: ['SIGUSR2'] });
    await entered.opened;
    process.emit('SIGUSR2', 'SIGUSR2');
    go.open();
    await expect(starting).rejects.toThrow('was stopped before it had started');
    expect(registry.deregistered).toHaveLength(1);
    expect(process.listenerCount('SIGUSR2')).toBe(0);
  });

  it('ends in that error at once, also while the registry does not answer', async () => {
    const registry = new FakeRegistry();
    const entered = gate();
    registry.onRegister = () => {
      entered.open();
      return new Promise(() => {});
    };
    const starting = startEcho({ registry, signals: ['SIGUSR2'] });
    await entered.opened;
    process.emit('SIGUSR2', 'SIGUSR2');
    const refusedMs = await steadyMs(() =>
      expect(starting).rejects.toThrow('was stopped before it had started'),
    );
    expect(refusedMs).toBeLessThan(5000);
    expect(process.listenerCount('SIGUSR2')).toBe(0);
  });

  it('refuses the same method twice', async () => {
    const builder = createServer({
      service: 'echo',
      registry: new FakeRegistry(),
      logger: new RecordingLogger(),
      clock: systemClock,
      random: systemRandom,
    });
    builder.add(EchoService, echoHandlers).add(EchoService, echoHandlers);
    await expect(builder.start()).rejects.toThrow('"/echo.v1.Echo/Say" is served already');
  });
});
