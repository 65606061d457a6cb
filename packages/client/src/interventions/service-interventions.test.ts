import { events, type InterventionEvent } from '@micromesh/core';
import { type KvWatchState, MemoryKeyValueStore } from '@micromesh/registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScriptedRegistry, TestWorld, testNode } from '../testing/index.js';
import { formatIntervention, interventionKey } from './intervention.js';

const HELLO = { name: 'hello' };

class KeyValueRegistry extends ScriptedRegistry {
  readonly keyValues = new MemoryKeyValueStore();
}

describe('a manual ejection', () => {
  let registry: KeyValueRegistry;
  let world: TestWorld;
  let told: InterventionEvent[];
  let logged: string[];
  let off: () => void;

  beforeEach(() => {
    registry = new KeyValueRegistry();
    logged = [];
    const log = (_fields: object, message: string) => logged.push(message);
    world = new TestWorld(1, { registry, logger: { debug: log, info: log, warn: log, error: log } });
    told = [];
    off = events.intervention.subscribe((event) => told.push(event));
  });
  afterEach(() => {
    off();
    world.room.close();
  });

  async function nodes(...ids: readonly string[]): Promise<void> {
    registry.show(
      HELLO,
      ids.map((id) => testNode(id)),
    );
    await world.clock.settle();
  }

  async function eject(nodeId: string, forMs: number, why = 'disk full'): Promise<void> {
    const atMs = world.clock.wallNow();
    const value = formatIntervention({ nodeId, who: 'anna', why, atMs, untilMs: atMs + forMs });
    await registry.keyValues.put(interventionKey(HELLO, nodeId), value);
    await world.clock.settle();
  }

  async function restore(nodeId: string): Promise<void> {
    await registry.keyValues.delete(interventionKey(HELLO, nodeId));
    await world.clock.settle();
  }

  async function pathOf(calls: number): Promise<readonly string[]> {
    const before = world.path.length;
    const caller = world.caller({ strategy: 'round-robin' });
    for (let index = 0; index < calls; index++) world.call(caller);
    await world.clock.settle();
    return [...new Set(world.path.slice(before))].sort();
  }

  const report = (id: string) => world.room.report()[0]?.nodes.find((node) => node.id === id);
  const states = () => told.map(({ nodeId, state }) => `${nodeId} ${state}`);

  it('takes a node out until it is restored, and says who, why and until when', async () => {
    world.caller();
    await nodes('a', 'b', 'c');
    await eject('a', 600_000);
    expect(await pathOf(12)).toEqual(['b', 'c']);
    const untilMs = world.clock.wallNow() + 600_000;
    const cause = `ejected by anna until ${new Date(untilMs).toISOString()}: disk full`;
    expect(report('a')).toEqual({ id: 'a', address: 'unix:/a', state: 'ejected', cause, untilMs });
    expect(told).toEqual([{ service: HELLO, nodeId: 'a', state: 'ejected', cause }]);
    await restore('a');
    expect(await pathOf(12)).toEqual(['a', 'b', 'c']);
    expect(report('a')).toMatchObject({ state: 'ready', cause: '' });
    expect(states()).toEqual(['a ejected', 'a restored']);
    expect(logged).toEqual(['a node is ejected by hand', 'a manual ejection was taken back']);
  });

  it('ends by itself, not before, and without a health check', async () => {
    world.caller();
    await nodes('a', 'b');
    await eject('a', 300_000);
    await world.clock.advance(299_999);
    expect(await pathOf(6)).toEqual(['b']);
    await world.clock.advance(1);
    expect(await pathOf(6)).toEqual(['a', 'b']);
    expect(states()).toEqual(['a ejected', 'a ended']);
  });

  it('can be made longer and shorter', async () => {
    world.caller();
    await nodes('a', 'b');
    await eject('a', 60_000);
    await eject('a', 5000, 'only a moment');
    expect(report('a')?.cause).toContain('only a moment');
    await world.clock.advance(5000);
    expect(await pathOf(6)).toEqual(['a', 'b']);
    expect(states()).toEqual(['a ejected', 'a ejected', 'a ended']);
  });

  it('goes beyond the cap, but leaves the last node', async () => {
    world.caller();
    await nodes('a', 'b', 'c');
    for (const id of ['a', 'b', 'c']) {
      await eject(id, 600_000);
      await world.clock.advance(10);
    }
    expect(await pathOf(12)).toEqual(['c']);
    expect(states()).toEqual(['a ejected', 'b ejected', 'c ignored']);
    await nodes('a', 'b', 'c', 'd');
    expect(await pathOf(12)).toEqual(['d']);
    expect(states().slice(3)).toEqual(['c ejected']);
    await restore('a');
    expect(await pathOf(12)).toEqual(['a', 'd']);
  });

  it('is no reason for a call to fail when the others are down', async () => {
    world.caller();
    await nodes('a', 'b');
    await eject('a', 600_000);
    world.transport.node('b').goDown();
    expect(await pathOf(3)).toEqual(['a']);
    world.transport.node('b').comeBack();
    await world.clock.settle();
    expect(await pathOf(3)).toEqual(['b']);
  });

  it('is not what a retry falls back on', async () => {
    world.caller();
    await nodes('a', 'b');
    await eject('a', 600_000);
    world.transport.node('b').script = () => ({ kind: 'refuse' });
    world.call(world.caller({ retries: 3 }));
    await world.clock.advance(5000);
    expect(world.path.length).toBeGreaterThan(1);
    expect(world.path).not.toContain('a');
  });

  it('stays with a node that breaks and connects again, and keeps its words', async () => {
    world.caller();
    await nodes('a', 'b');
    await eject('a', 600_000);
    world.transport.node('a').goDown();
    expect(report('a')?.state).toBe('down');
    world.transport.node('a').comeBack();
    await world.clock.settle();
    expect(report('a')).toMatchObject({ state: 'ejected', cause: expect.stringContaining('by anna') });
    expect(await pathOf(3)).toEqual(['b']);
  });

  it('does not hold a new instance at the same address', async () => {
    world.caller();
    await nodes('a', 'b');
    await eject('a', 600_000);
    await nodes('a2', 'b');
    expect(await pathOf(6)).toEqual(['a2', 'b']);
  });

  it('counts for a client that comes later', async () => {
    await eject('a', 600_000);
    world.caller();
    await nodes('a', 'b');
    expect(await pathOf(6)).toEqual(['b']);
    expect(states()).toEqual(['a ejected']);
  });

  it('that is over when it is read does nothing', async () => {
    await eject('a', 1000);
    await world.clock.advance(1000);
    world.caller();
    await nodes('a', 'b');
    expect(await pathOf(6)).toEqual(['a', 'b']);
    expect(states()).toEqual([]);
  });

  it('that cannot be read is told once, and does no harm', async () => {
    world.caller();
    await nodes('a', 'b');
    await registry.keyValues.put(interventionKey(HELLO, 'a'), '{"action":');
    await eject('b', 1000);
    expect(told[0]).toEqual({
      service: HELLO,
      nodeId: 'a',
      state: 'unreadable',
      cause: 'the record micromesh/interventions/hello/a is no JSON object',
    });
    expect(states()).toEqual(['a unreadable', 'b ejected']);
    expect(await pathOf(6)).toEqual(['a']);
  });

  it('is watched once for all services, and counts for its own alone', async () => {
    const watched: string[] = [];
    const { keyValues } = registry;
    const watch = keyValues.watch.bind(keyValues);
    keyValues.watch = (prefix) => {
      watched.push(prefix);
      return watch(prefix);
    };
    world.caller();
    const other = world.room.callerFor({ name: 'hello2' }, {});
    await nodes('a', 'b');
    registry.show({ name: 'hello2' }, [testNode('a'), testNode('b')]);
    await eject('a', 600_000);
    expect(new Set(watched)).toEqual(new Set(['micromesh/interventions/']));
    expect(states()).toEqual(['a ejected']);
    expect(await pathOf(6)).toEqual(['b']);
    const before = world.path.length;
    for (let index = 0; index < 20; index++) world.call(other);
    await world.clock.settle();
    expect(new Set(world.path.slice(before))).toEqual(new Set(['a', 'b']));
  });

  it('leaves no timer behind', async () => {
    world.caller();
    await nodes('a', 'b');
    await eject('a', 600_000);
    world.room.close();
    expect(world.clock.pendingTimers).toBe(0);
    expect(states()).toEqual(['a ejected']);
  });
});

describe('while the store of manual ejections does not answer', () => {
  it('its last word counts until its end', async () => {
    let state: KvWatchState = { kind: 'unknown' };
    let tell = (_state: KvWatchState) => {};
    const registry = Object.assign(new ScriptedRegistry(), {
      keyValues: Object.assign(new MemoryKeyValueStore(), {
        watch: () => ({
          get state() {
            return state;
          },
          subscribe(listener: (state: KvWatchState) => void) {
            tell = listener;
            return () => {};
          },
          close() {},
        }),
      }),
    });
    const world = new TestWorld(1, { registry });
    world.caller();
    registry.show(HELLO, [testNode('a'), testNode('b')]);
    await world.clock.settle();
    const become = (next: KvWatchState) => {
      state = next;
      tell(next);
    };
    const atMs = world.clock.wallNow();
    const value = formatIntervention({ nodeId: 'a', who: 'anna', why: 'x', atMs, untilMs: atMs + 1000 });
    const entries = [{ key: interventionKey(HELLO, 'a'), value, modifyIndex: 1 }];
    const stateOfA = () => world.room.report()[0]?.nodes[0]?.state;
    become({ kind: 'unknown', error: 'connection refused' });
    expect(stateOfA()).toBe('ready');
    become({ kind: 'current', entries });
    expect(stateOfA()).toBe('ejected');
    become({ kind: 'stale', entries, error: 'connection refused' });
    await world.clock.advance(999);
    expect(stateOfA()).toBe('ejected');
    await world.clock.advance(1);
    expect(stateOfA()).toBe('ready');
    become({ kind: 'current', entries });
    expect(stateOfA()).toBe('ready');
    world.room.close();
  });
});
