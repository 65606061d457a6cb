import { ConfigError, events, parseAddress, type RegistrationEvent } from '@micromesh/core';
import type { Registered, Registration, Registry, WatchState } from '@micromesh/registry';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

/** A registry to test: each call of `open` gives a handle on the same registry, as another process has one. */
export interface RegistryUnderTest {
  open(): Registry;
  stop(): Promise<void>;
}

/** What every registry does, whatever it is made of. */
export function describeRegistry(
  title: string,
  start: () => Promise<RegistryUnderTest>,
  { skip = false }: { readonly skip?: boolean } = {},
): void {
  describe.skipIf(skip)(`every registry: ${title}`, () => {
    let underTest: RegistryUnderTest;
    const opened: Registry[] = [];
    const registered: Registered[] = [];

    beforeAll(async () => {
      underTest = await start();
    });

    afterEach(async () => {
      await Promise.all(registered.splice(0).map((node) => node.deregister()));
      await Promise.all(opened.splice(0).map((registry) => registry.close()));
    });

    afterAll(async () => {
      await underTest?.stop();
    });

    function open(): Registry {
      const registry = underTest.open();
      opened.push(registry);
      return registry;
    }

    async function register(registry: Registry, change: Partial<Registration> = {}): Promise<Registered> {
      const node = await registry.register(registration(change));
      registered.push(node);
      return node;
    }

    it('shows a node with all that was registered, until it is deregistered', async () => {
      const [server, client] = [open(), open()];
      const watch = client.watch(uniqueService('whole'));
      await nodesBecome(watch, []);
      const service = serviceOf(watch.state);
      const labels = { zone: 'a', 'app.kubernetes.io/name': 'hello world', _odd: '=;,\u00e4' };
      const node = await register(server, { service, id: 'whole-1', version: '1.2.3', labels, weight: 3 });
      expect(node.id).toBe('whole-1');
      await nodesBecome(watch, ['whole-1']);
      expect(watch.state).toEqual({
        kind: 'current',
        snapshot: {
          service,
          nodes: [
            {
              id: 'whole-1',
              address: { kind: 'tcp', host: '127.0.0.1', port: 5001 },
              version: '1.2.3',
              labels,
              weight: 3,
              micromesh: true,
            },
          ],
        },
      });
      await node.deregister();
      await nodesBecome(watch, []);
    });

    it('knows that a service without nodes is empty', async () => {
      const watch = open().watch(uniqueService('nobody'));
      await expect.poll(() => watch.state.kind).toBe('current');
      expect(idsIn(watch.state)).toEqual([]);
    });

    it('shows a node that was there before the watch', async () => {
      const service = uniqueService('early');
      await register(open(), { service, id: 'early-1' });
      const watch = open().watch(service);
      await nodesBecome(watch, ['early-1']);
    });

    it('holds several instances of one process, sorted by id', async () => {
      const registry = open();
      const service = uniqueService('several');
      for (const n of [3, 1, 2]) await register(registry, { service, id: `n-${n}`, address: tcp(5000 + n) });
      const watch = registry.watch(service);
      await nodesBecome(watch, ['n-1', 'n-2', 'n-3']);
      const second = registered.find((node) => node.id === 'n-2');
      await second?.deregister();
      await nodesBecome(watch, ['n-1', 'n-3']);
    });

    it('shows the newest instance of an address, whatever its id', async () => {
      const [before, after] = [open(), open()];
      const service = uniqueService('again');
      await register(before, { service, id: 'z-old' });
      await tick();
      await register(after, { service, id: 'a-new' });
      const watch = open().watch(service);
      await nodesBecome(watch, ['a-new']);
    });

    it('lets go of an old instance without a word to those who see the new one', async () => {
      const registry = open();
      const service = uniqueService('unseen');
      const old = await register(registry, { service, id: 'old' });
      await tick();
      await register(registry, { service, id: 'new' });
      const watch = open().watch(service);
      await nodesBecome(watch, ['new']);
      const states: WatchState[] = [];
      watch.subscribe((state) => states.push(state));
      await old.deregister();
      await register(registry, { service, id: 'other', address: tcp(5002) });
      await nodesBecome(watch, ['new', 'other']);
      expect(states.map(idsIn)).toEqual([['new', 'other']]);
    });

    it('publishes nothing where nothing has changed', async () => {
      const registry = open();
      const service = uniqueService('calm');
      await register(registry, { service, id: 'calm-1' });
      const watch = open().watch(service);
      await nodesBecome(watch, ['calm-1']);
      const states: WatchState[] = [];
      watch.subscribe((state) => states.push(state));
      const other = uniqueService('busy');
      for (let n = 1; n <= 5; n++)
        await register(registry, { service: other, id: `b-${n}`, address: tcp(6000 + n) });
      const busy = open().watch(other);
      await nodesBecome(busy, ['b-1', 'b-2', 'b-3', 'b-4', 'b-5']);
      expect(states).toEqual([]);
    });

    it('gives all watches of a service the same word, each until it is closed', async () => {
      const registry = open();
      const service = uniqueService('shared');
      const [first, second] = [registry.watch(service), registry.watch(service)];
      let toldFirst = 0;
      first.subscribe(() => {
        toldFirst += 1;
      });
      await nodesBecome(first, []);
      toldFirst = 0;
      first.close();
      await register(registry, { service, id: 'shared-1' });
      await nodesBecome(second, ['shared-1']);
      expect(toldFirst).toBe(0);
    });

    it('lists its services with readable tags', async () => {
      const registry = open();
      const service = uniqueService('listed');
      await register(registry, { service, version: '2.0', labels: { zone: 'b' } });
      const find = async () => (await registry.services()).find((each) => each.service.name === service.name);
      await expect.poll(find).toEqual({ service: { name: service.name }, tags: ['version=2.0', 'zone=b'] });
    });

    it('refuses an id that is registered already, and leaves its holder alone', async () => {
      const registry = open();
      const service = uniqueService('taken');
      await register(registry, { service, id: 'taken-1' });
      const watch = registry.watch(service);
      await nodesBecome(watch, ['taken-1']);
      const again = registration({ service, id: 'taken-1', address: tcp(5002) });
      await expect(registry.register(again)).rejects.toThrow(ConfigError);
      await expect(open().register(again)).rejects.toThrow(/id: "taken-1" is registered already/);
      await nodesBecome(watch, ['taken-1']);
      expect(watch.state).toMatchObject({ snapshot: { nodes: [{ address: { port: 5001 } }] } });
    });

    it('takes an id again after it was deregistered', async () => {
      const registry = open();
      const service = uniqueService('freed');
      const node = await register(registry, { service, id: 'freed-1' });
      await node.deregister();
      await register(registry, { service, id: 'freed-1' });
      await nodesBecome(registry.watch(service), ['freed-1']);
    });

    it.each([
      ['a name', { service: { name: 'no/such name' } }, 'service: "no/such name"'],
      ['a weight', { weight: 0 }, 'weight: 0'],
      ['an address', { address: { kind: 'tcp', host: '0.0.0.0', port: 1 } }, 'address: "0.0.0.0:1"'],
      ['a label', { labels: { zone: 'x'.repeat(600) } }, 'labels.zone'],
    ] as const)('refuses %s that Consul cannot hold', async (_, change, message) => {
      const refused = open().register(registration(change));
      await expect(refused).rejects.toThrow(ConfigError);
      await expect(refused).rejects.toThrow(message);
    });

    it('holds IPv6 addresses and sockets', async () => {
      const registry = open();
      const service = uniqueService('kinds');
      await register(registry, { service, id: 'a', address: parseAddress('[::1]:5001') });
      await register(registry, { service, id: 'b', address: parseAddress('unix:/run/hello') });
      const watch = registry.watch(service);
      await nodesBecome(watch, ['a', 'b']);
      expect(watch.state).toMatchObject({
        snapshot: {
          nodes: [
            { address: { kind: 'tcp', host: '::1', port: 5001 } },
            { address: { kind: 'unix', path: '/run/hello' } },
          ],
        },
      });
    });

    it('tells of registrations', async () => {
      const told: RegistrationEvent[] = [];
      const unsubscribe = events.registration.subscribe((event) => told.push(event));
      const registry = open();
      const service = uniqueService('told');
      const node = await register(registry, { service, id: 'told-1' });
      await node.deregister();
      await node.deregister();
      unsubscribe();
      // Embedded is made of another registry, which tells of itself.
      const common = { registry: expect.any(String), service, nodeId: 'told-1' };
      expect(told).toEqual([
        { ...common, state: 'registered' },
        { ...common, state: 'deregistered' },
      ]);
    });

    it('does nothing more when closed, and leaves its registrations', async () => {
      const [server, client] = [open(), open()];
      const service = uniqueService('left');
      await server.register(registration({ service, id: 'left-1' }));
      const own = server.watch(service);
      let told = 0;
      own.subscribe(() => {
        told += 1;
      });
      await server.close();
      await server.close();
      told = 0;
      const watch = client.watch(service);
      await nodesBecome(watch, ['left-1']);
      await register(client, { service, id: 'left-2', address: tcp(5002) });
      await nodesBecome(watch, ['left-1', 'left-2']);
      expect(told).toBe(0);
      expect(() => server.watch(service)).toThrow(/closed/);
      await expect(server.services()).rejects.toThrow(/closed/);
      await expect(server.register(registration({ service, id: 'left-3' }))).rejects.toThrow(/closed/);
    });
  });
}

let services = 0;

function uniqueService(name: string): { name: string } {
  services += 1;
  return { name: `${name}-${process.pid}-${services}` };
}

function tcp(port: number): Registration['address'] {
  return { kind: 'tcp', host: '127.0.0.1', port };
}

function registration(change: Partial<Registration>): Registration {
  return {
    service: { name: 'hello' },
    id: 'hello-1',
    address: tcp(5001),
    version: '',
    labels: {},
    weight: 1,
    // No gRPC server stands behind these addresses.
    check: 'ttl',
    ...change,
  };
}

function serviceOf(state: WatchState): { name: string } {
  if (state.kind === 'unknown') throw new Error('nothing is known yet');
  return { name: state.snapshot.service.name };
}

function idsIn(state: WatchState): string[] | undefined {
  return state.kind === 'unknown' ? undefined : state.snapshot.nodes.map((node) => node.id);
}

/** Waits until a watch shows these nodes as the registry's word. */
export async function nodesBecome(
  watch: { readonly state: WatchState },
  ids: readonly string[],
): Promise<void> {
  await expect
    .poll(() => ({ kind: watch.state.kind, ids: idsIn(watch.state) }), { interval: 5 })
    .toEqual({ kind: 'current', ids });
}

// Two starts within one millisecond are of the same age.
async function tick(): Promise<void> {
  const now = Date.now();
  await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(now);
}
