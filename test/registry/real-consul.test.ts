import { freePort, type RunningConsul, startConsul } from '@micromesh/cli/stage';
import { events, parseAddress } from '@micromesh/core';
import {
  type ConsulOptions,
  consul,
  type Registered,
  type Registration,
  type Registry,
} from '@micromesh/registry';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { consulForTests } from '../dev-agent/consul-binary.js';
import { steadyMs } from '../machine/steady-clock.js';
import { nodesBecome } from './conformance.js';
import { ConsulApi } from './consul-api.js';
import { startHealthServer } from './health-server.js';

const found = await consulForTests();

describe.skipIf(found === undefined)('with a real Consul', () => {
  let agent: RunningConsul;
  let api: ConsulApi;
  const opened: Registry[] = [];
  const registered: Registered[] = [];

  beforeAll(async () => {
    agent = await startConsul({ binary: found?.path ?? '' });
    api = new ConsulApi(agent.address);
  });

  afterEach(async () => {
    await Promise.all(registered.splice(0).map((node) => node.deregister()));
    await Promise.all(opened.splice(0).map((registry) => registry.close()));
  });

  afterAll(async () => {
    await agent?.stop();
  });

  function open(options: ConsulOptions = {}): Registry {
    const registry = consul({ address: agent.address, env: {}, ...options });
    opened.push(registry);
    return registry;
  }

  async function register(registry: Registry, change: Partial<Registration>): Promise<Registered> {
    const node = await registry.register({
      service: { name: 'hello' },
      id: 'hello-1',
      address: parseAddress('127.0.0.1:5001'),
      version: '',
      labels: {},
      weight: 1,
      check: 'ttl',
      ...change,
    });
    registered.push(node);
    return node;
  }

  it('has what other tools read', async () => {
    await register(open(), {
      service: { name: 'readable' },
      id: 'readable-1',
      version: '1.0.0',
      labels: { zone: 'a', 'example.com/team': 'x' },
      weight: 7,
    });
    expect(await api.get('agent/service/readable-1')).toMatchObject({
      ID: 'readable-1',
      Service: 'readable',
      Tags: ['version=1.0.0', 'example.com/team=x', 'zone=a'],
      Meta: { micromesh: '1', 'micromesh-id': 'readable-1', version: '1.0.0', zone: 'a' },
      Address: '127.0.0.1',
      Port: 5001,
      Weights: { Passing: 7, Warning: 1 },
    });
    expect(await api.get('health/checks/readable')).toMatchObject([
      { CheckID: 'service:readable-1', Type: 'ttl', Status: 'passing' },
    ]);
  });

  it('sees services that somebody else registered, and what becomes of them', async () => {
    const watch = open().watch({ name: 'foreign' });
    const service = {
      Name: 'foreign',
      Port: 7001,
      Tags: ['http', 'zone=b', 'version=3'],
      Weights: { Passing: 4 },
    };
    const check = { CheckID: 'foreign-check', TTL: '60s', Status: 'passing' };
    await api.put('agent/service/register', { ...service, ID: 'f-1', Address: '10.9.9.9', Check: check });
    await nodesBecome(watch, ['f-1']);
    expect(watch.state).toMatchObject({
      snapshot: {
        nodes: [
          {
            address: { kind: 'tcp', host: '10.9.9.9', port: 7001 },
            version: '3',
            labels: { zone: 'b' },
            weight: 4,
            micromesh: false,
          },
        ],
      },
    });
    await api.put('agent/service/register', { Name: 'foreign', ID: 'f-0', Port: 7002 });
    await nodesBecome(watch, ['f-0', 'f-1']);
    // Without an address of its own, a service has its machine's.
    expect(watch.state).toMatchObject({ snapshot: { nodes: [{ address: { host: '127.0.0.1' } }, {}] } });

    await api.put('agent/check/fail/foreign-check');
    await nodesBecome(watch, ['f-0']);
    await api.put('agent/check/warn/foreign-check');
    await nodesBecome(watch, ['f-0', 'f-1']);
    await api.put('agent/service/maintenance/f-0?enable=true');
    await nodesBecome(watch, ['f-1']);
    await api.put('agent/service/maintenance/f-0?enable=false');
    await nodesBecome(watch, ['f-0', 'f-1']);
    await api.put('agent/maintenance?enable=true');
    await nodesBecome(watch, []);
    await api.put('agent/maintenance?enable=false');
    await nodesBecome(watch, ['f-0', 'f-1']);
    for (const id of ['f-0', 'f-1']) await api.put(`agent/service/deregister/${id}`);
    await nodesBecome(watch, []);
  });

  it('hears heartbeats: a node that stops them goes, one that beats stays', async () => {
    const [mortal, living] = [
      open({ ttlMs: 1_000, heartbeatMs: 300 }),
      open({ ttlMs: 1_000, heartbeatMs: 300 }),
    ];
    const service = { name: 'beating' };
    await mortal.register({
      service,
      id: 'mortal',
      address: parseAddress('127.0.0.1:5001'),
      version: '',
      labels: {},
      weight: 1,
      check: 'ttl',
    });
    await register(living, { service, id: 'living', address: parseAddress('127.0.0.1:5002') });
    const watch = open().watch(service);
    await nodesBecome(watch, ['living', 'mortal']);
    await mortal.close();
    await nodesBecome(watch, ['living']);
    await api.put('agent/service/deregister/mortal');
  });

  it('registers again what somebody took away, with the next beat', async () => {
    const told: string[] = [];
    const unsubscribe = events.registration.subscribe((event) => told.push(event.state));
    const service = { name: 'taken-away' };
    await register(open({ heartbeatMs: 200 }), { service, id: 'taken-1' });
    const watch = open().watch(service);
    await nodesBecome(watch, ['taken-1']);
    await api.put('agent/service/deregister/taken-1');
    await expect.poll(() => told).toEqual(['registered', 'reregistered']);
    await nodesBecome(watch, ['taken-1']);
    unsubscribe();
  });

  it('asks for health itself where it can reach the node', async () => {
    const server = await startHealthServer();
    const service = { name: 'asked' };
    const address = parseAddress(`127.0.0.1:${server.port}`);
    const registry = open({ checkIntervalMs: 1_000, heartbeatMs: 200 });
    await register(registry, { service, id: 'asked-1', address, check: 'auto' });
    expect(await api.get('health/checks/asked')).toMatchObject([{ Type: 'grpc', Status: 'passing' }]);
    const watch = registry.watch(service);
    await nodesBecome(watch, ['asked-1']);
    server.serving = false;
    await nodesBecome(watch, []);
    server.serving = true;
    await nodesBecome(watch, ['asked-1']);
    await api.put('agent/service/deregister/asked-1');
    await nodesBecome(watch, []);
    await nodesBecome(watch, ['asked-1']);
    server.stop();
    await nodesBecome(watch, []);
  });

  it('gets heartbeats of a node that lives and that it cannot reach', async () => {
    const service = { name: 'unreached' };
    const address = parseAddress(`127.0.0.1:${await freePort()}`);
    const registry = open({ checkIntervalMs: 1_000, heartbeatMs: 300 });
    await register(registry, { service, id: 'unreached-1', address, check: 'auto' });
    const checks = async () => await api.get('health/checks/unreached');
    await expect.poll(checks).toMatchObject([{ Type: 'ttl', Status: 'passing' }]);
    await nodesBecome(registry.watch(service), ['unreached-1']);
  });

  it('holds its nodes again soon after it was killed and came back empty', { timeout: 180_000 }, async () => {
    const server = await startHealthServer();
    const service = { name: 'phoenix' };
    // Nobody watches in the processes of the nodes.
    await register(open(), { service, id: 'ttl-1' });
    const address = parseAddress(`127.0.0.1:${server.port}`);
    await register(open(), { service, id: 'grpc-1', address, check: 'auto' });
    const watch = open().watch(service);
    await nodesBecome(watch, ['grpc-1', 'ttl-1']);
    // Down for a moment, and for so long that the waits between tries have grown.
    for (const downMs of [0, 3_000]) {
      agent.kill('SIGKILL');
      await expect.poll(() => watch.state.kind).toBe('stale');
      await new Promise((resolve) => setTimeout(resolve, downMs));
      await agent.restart();
      // Sooner than with the next heartbeat, which may be ten seconds away.
      expect(await steadyMs(() => nodesBecome(watch, ['grpc-1', 'ttl-1']))).toBeLessThan(5_000);
    }
    server.stop();
  });

  // The last: Consul forgets these connections only after a while.
  it('is asked for more services than it takes connections, and takes a registration meanwhile', async () => {
    const registry = open();
    await register(registry, { service: { name: 'own-connection' }, id: 'own-1' });
    // Consul takes 200 connections from one address and resets the others, those of registrations included.
    const watches = Array.from({ length: 230 }, (_, n) => registry.watch({ name: `crowd-${n}` }));
    const current = () => watches.filter((watch) => watch.state.kind === 'current').length;
    await expect.poll(current).toBe(230);
    await register(registry, {
      service: { name: 'own-connection' },
      id: 'own-2',
      address: parseAddress('127.0.0.1:5002'),
    });
    for (const watch of watches) watch.close();
  });
});
