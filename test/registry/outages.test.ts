import { freePort, type RunningConsul, startConsul } from '@micromesh/cli/stage';
import { events, type SnapshotEvent } from '@micromesh/core';
import type { ServiceWatch } from '@micromesh/registry';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { consulForTests } from '../dev-agent/consul-binary.js';
import { ConsulApi } from './consul-api.js';
import { idsIn, Outage, until } from './outage.js';

vi.setConfig({ testTimeout: 180_000 });

const found = await consulForTests();
const HELLO = { name: 'hello' };

/** How long the registry is away; a day of it is in the tests on the fake clock. */
const AWAY_MS = 2_000;

describe.skipIf(found === undefined)('while calls are made, none fails', () => {
  let agent: RunningConsul;
  let api: ConsulApi;
  let outage: Outage;
  let watch: ServiceWatch;
  const snapshots: SnapshotEvent[] = [];
  const left: string[] = [];
  const off = [
    events.snapshot.subscribe((event) => {
      if (event.service.name === 'hello') snapshots.push(event);
    }),
    events.node.subscribe(({ nodeId, state }) => {
      if (state === 'left') left.push(nodeId);
    }),
  ];

  beforeAll(async () => {
    agent = await startConsul({ binary: found?.path ?? '' });
    api = new ConsulApi(agent.address);
    outage = new Outage(agent.address);
    outage.start('a', 'b', 'c');
    watch = outage.registry.watch(HELLO);
    await outage.call();
  });

  afterEach(() => {
    expect(outage.failures).toEqual([]);
  });

  afterAll(async () => {
    for (const each of off) each();
    const { failed, twice } = await outage.close();
    await agent.stop();
    process.stderr.write(`outages: ${outage.calls} calls, ${failed.length} failed, ${twice.length} twice\n`);
    expect({ failed, twice }).toEqual({ failed: [], twice: [] });
  });

  const registered = (...ids: readonly string[]) =>
    until(() => watch.state.kind === 'current' && `${idsIn(watch.state)}` === `${ids}`, `${ids} registered`);

  it('when the registry names nodes that are dead', async () => {
    for (const id of ['dead-1', 'dead-2']) {
      const entry = { Name: 'hello', ID: id, Address: '127.0.0.1', Port: await freePort() };
      await api.put('agent/service/register', entry);
    }
    await registered('a', 'b', 'c', 'dead-1', 'dead-2');
    const before = outage.calls;
    await until(() => outage.calls > before + 100, '100 calls');
    for (const id of ['dead-1', 'dead-2']) await api.put(`agent/service/deregister/${id}`);
    await registered('a', 'b', 'c');
  });

  it('when all nodes have gone from the registry at once, though they live', async () => {
    snapshots.length = 0;
    await api.put('agent/maintenance?enable=true');
    await registered();
    await outage.answer('a', 'b', 'c');
    expect(snapshots.map(({ massDisappearance }) => massDisappearance)).toContain(true);
    await api.put('agent/maintenance?enable=false');
    await registered('a', 'b', 'c');
    for (const id of ['a', 'b', 'c']) await api.put(`agent/service/deregister/${id}`);
    await until(() => (idsIn(watch.state) ?? []).length < 3, 'a watch that sees it');
    const healedMs = await registered('a', 'b', 'c');
    process.stderr.write(`taken out by hand: registered again after ${Math.round(healedMs)} ms\n`);
    await outage.answer('a', 'b', 'c');
  });

  it('when all of Consul is gone and comes back empty, while a node dies and another is new', async () => {
    left.length = 0;
    await agent.end();
    await until(() => watch.state.kind === 'stale', 'a watch that knows it');
    expect(idsIn(watch.state)).toEqual(['a', 'b', 'c']);
    await outage.kill('c');
    outage.start('d');
    const awayFrom = performance.now();
    await outage.answer('a', 'b');
    await until(() => performance.now() - awayFrom > AWAY_MS, 'the time');
    await agent.restart();
    const healedMs = await registered('a', 'b', 'd');
    const usedMs = await outage.answer('a', 'b', 'd');
    const line = `registered again after ${Math.round(healedMs)} ms, a new one used after ${Math.round(healedMs + usedMs)} ms`;
    process.stderr.write(`Consul back empty: ${line}\n`);
    expect(healedMs).toBeLessThan(8_000);
    // Those that live are the same as before to the mesh, with their connections and marks.
    expect(left).toEqual(['c']);
    // The watch goes on: what changes later is seen.
    await outage.kill('b');
    await outage.answer('a', 'd');
  });
});
