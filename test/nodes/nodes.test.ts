import { spawnDevAgent } from '@micromesh/registry';
import { HelloService, helloHandlers } from '@micromesh/service-hello';
import { createMesh, type Mesh } from 'micromesh';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silent } from '../failover/silent.js';
import { until } from '../failover/until.js';
import { SteadyClock } from '../machine/steady-clock.js';
import { Caller } from './caller.js';
import { micromesh } from './command.js';

vi.setConfig({ testTimeout: 180_000 });

const IDS = ['hello-a', 'hello-b', 'hello-c'];
const SECOND = 1000;

let agent: Awaited<ReturnType<typeof spawnDevAgent>>;
let registry: string;
let mesh: Mesh;
let callers: Caller[];
/** Where this process is not run it hears of no call. */
let clock: SteadyClock;

beforeEach(async () => {
  clock = new SteadyClock();
  agent = await spawnDevAgent({ port: 0 });
  registry = `consul://${agent.address}`;
  mesh = createMesh({ registry, logger: silent });
  for (const id of IDS) {
    await mesh
      .server('hello', { id, version: '1.0.0' })
      .add(HelloService, { ...helloHandlers(), anything: () => ({ msg: id }) })
      .start({ drain: { lameDuckMs: 0, graceMs: 0 } });
  }
  callers = ['caller-1', 'caller-2'].map((name) => new Caller(registry, name, clock));
  await until(() => callers.every((caller) => caller.uses(IDS, 0)), 'calls to all nodes');
});
afterEach(async () => {
  await Promise.all(callers.map((caller) => caller.end()));
  await mesh.close();
  await agent.stop();
  clock.end();
});

const nodes = (...args: readonly string[]) => micromesh(registry, 'nodes', ...args);

/** Waits until each caller has made many calls after this moment, and gives the moment that it began. */
async function manyCalls(): Promise<number> {
  const since = clock.now();
  const before = callers.map(({ calls }) => calls);
  await until(
    () => callers.every(({ calls }, index) => calls > (before[index] ?? 0) + 50),
    '50 calls of each caller',
  );
  return since;
}

/** Waits until no client uses the node, and gives how long that took in the slower one. */
async function untilUnused(node: string, since: number): Promise<number> {
  await until(() => {
    const now = clock.now();
    return callers.every(({ lastAt }) => now - (lastAt.get(node) ?? 0) > 400);
  }, `no calls to ${node}`);
  return Math.max(0, ...callers.map(({ lastAt }) => (lastAt.get(node) ?? 0) - since));
}

async function untilUsed(node: string, since: number): Promise<number> {
  await until(() => callers.every(({ lastAt }) => (lastAt.get(node) ?? 0) > since), `calls to ${node}`);
  return clock.now() - since;
}

describe('micromesh nodes', () => {
  it('ejects a node in all clients within a second, shows it, and restores it as fast', async () => {
    const ejectedAt = clock.now();
    const eject = ['eject', 'hello', 'hello-a', '--for', '10m', '--why', 'disk full', '--who', 'anna'];
    const { status, stdout, stderr } = await nodes(...eject);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^hello-a 127\.0\.0\.1:\d+ is ejected by anna until 20\S+Z: disk full\n$/);
    const ejectedMs = await untilUnused('hello-a', ejectedAt);
    expect(ejectedMs).toBeLessThan(SECOND);

    const shown = await nodes('hello', '--json');
    expect(shown.status).toBe(0);
    const view = JSON.parse(shown.stdout);
    expect(
      view.nodes.map(({ id, registered }: { id: string; registered: boolean }) => [id, registered]),
    ).toEqual(IDS.map((id) => [id, true]));
    const { until: end } = view.nodes[0].intervention;
    expect(view.nodes[0].intervention).toMatchObject({ who: 'anna', why: 'disk full', ignored: false });
    for (const [index, caller] of ['caller-1', 'caller-2'].entries()) {
      expect(view.nodes[0].clients[index]).toMatchObject({
        service: 'caller',
        id: caller,
        state: 'ejected',
        cause: `ejected by anna until ${end}: disk full`,
        until: end,
      });
      expect(view.nodes[1].clients[index]).toMatchObject({
        id: caller,
        state: 'ready',
        cause: '',
        until: null,
      });
    }
    expect(view.unasked).toEqual([]);
    expect((await nodes('hello')).stdout).toContain('3 nodes, seen by 2 client processes');

    const restoredAt = clock.now();
    expect(await nodes('restore', 'hello', 'hello-a')).toMatchObject({
      status: 0,
      stdout: 'hello-a is restored\n',
    });
    const restoredMs = await untilUsed('hello-a', restoredAt);
    expect(restoredMs).toBeLessThan(SECOND);
    process.stderr.write(
      `ejected in ${Math.round(ejectedMs)} ms, restored in ${Math.round(restoredMs)} ms\n`,
    );
    expect(callers.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it('ends an ejection by itself, not before its time', async () => {
    const [ejectedAt, ejectedAtMs] = [clock.now(), performance.now()];
    const eject = ['eject', 'hello', 'hello-b', '--for', '3s', '--why', 'a test', '--json'];
    expect((await nodes(...eject)).status).toBe(0);
    await untilUnused('hello-b', ejectedAt);
    const quietSince = clock.now();
    await untilUsed('hello-b', quietSince);
    expect(performance.now() - ejectedAtMs).toBeGreaterThanOrEqual(3 * SECOND - 5);
    expect(clock.now() - ejectedAt).toBeLessThan(6 * SECOND);
    expect(callers.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it('lets its last word count while the registry is dead, until its end', async () => {
    const [ejectedAt, ejectedAtMs] = [clock.now(), performance.now()];
    expect((await nodes('eject', 'hello', 'hello-c', '--for', '8s', '--why', 'a test')).status).toBe(0);
    await untilUnused('hello-c', ejectedAt);
    agent.kill('SIGKILL');
    const since = await manyCalls();
    for (const caller of callers) expect(caller.uses(['hello-a', 'hello-b'], since)).toBe(true);
    await untilUsed('hello-c', since);
    expect(performance.now() - ejectedAtMs).toBeGreaterThanOrEqual(8 * SECOND - 5);
    expect(callers.flatMap(({ failures }) => failures)).toEqual([]);
    const dead = await nodes('hello');
    expect(dead).toMatchObject({ status: 1, stdout: '' });
    expect(dead.stderr).toContain('micromesh: ');
  });

  it('does not eject the last node, nor what is none, and says what there is', async () => {
    const eject = (node: string) => nodes('eject', 'hello', node, '--for', '1m', '--why', 'a test');
    const ejectedAt = clock.now();
    expect((await eject('hello-a')).status).toBe(0);
    expect((await eject('hello-b')).status).toBe(0);
    const last = await eject('hello-c');
    expect(last).toMatchObject({ status: 1, stdout: '' });
    expect(last.stderr).toContain('hello-c is the last node of hello that is not ejected');
    await untilUnused('hello-a', ejectedAt);
    await untilUnused('hello-b', ejectedAt);
    const since = await manyCalls();
    for (const caller of callers) expect(caller.uses(['hello-c'], since)).toBe(true);

    const missing = await eject('hello-x');
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain('node "hello-x" of hello is not registered at consul');
    expect(await nodes('restore', 'hello', 'hello-c')).toMatchObject({ status: 1, stdout: '' });
    expect((await nodes('nobody')).stderr).toContain('no node of nobody is registered at consul');
    expect(callers.flatMap(({ failures }) => failures)).toEqual([]);
  });
});
