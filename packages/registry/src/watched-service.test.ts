import { events, type RegistryEvent, type Snapshot, type SnapshotEvent, silentLogger } from '@micromesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WatchState } from './registry.js';
import { serviceWatches, WatchedService } from './watched-service.js';

const service = { name: 'hello' };

function snapshot(...ids: string[]): Snapshot {
  return {
    service,
    nodes: ids.map((id) => ({
      id,
      address: { kind: 'unix', path: `/${id}` },
      version: '',
      labels: {},
      weight: 1,
      micromesh: true,
    })),
  };
}

const snapshots: SnapshotEvent[] = [];
const failures: RegistryEvent[] = [];
let unsubscribe: (() => void)[] = [];

beforeEach(() => {
  unsubscribe = [
    events.snapshot.subscribe((event) => snapshots.push(event)),
    events.registry.subscribe((event) => failures.push(event)),
  ];
});

afterEach(() => {
  for (const each of unsubscribe) each();
  snapshots.length = 0;
  failures.length = 0;
});

function watched(): { watched: WatchedService; states: WatchState[] } {
  const states: WatchState[] = [];
  const made = new WatchedService(service, 'test', silentLogger);
  made.open(() => {}).subscribe((state) => states.push(state));
  return { watched: made, states };
}

describe('WatchedService', () => {
  it('publishes a snapshot only if it differs', () => {
    const { watched: made, states } = watched();
    expect(made.current(snapshot('a'))).toBe(true);
    expect(made.current(snapshot('a'))).toBe(false);
    expect(made.current(snapshot('a', 'b'))).toBe(true);
    expect(states.map((state) => state.kind)).toEqual(['current', 'current']);
    expect(snapshots.map(({ added, removed }) => ({ added, removed }))).toEqual([
      { added: ['a'], removed: [] },
      { added: ['b'], removed: [] },
    ]);
  });

  it('is unknown with an error until there is a word, and stale after it, with the last good one', () => {
    const { watched: made, states } = watched();
    made.failing('refused');
    made.current(snapshot('a'));
    made.failing('refused');
    expect(states).toEqual([
      { kind: 'unknown', error: 'refused' },
      { kind: 'current', snapshot: snapshot('a') },
      { kind: 'stale', snapshot: snapshot('a'), error: 'refused' },
    ]);
  });

  it('gives the same snapshot object after a failure that changed nothing', () => {
    const { watched: made } = watched();
    const first = snapshot('a');
    made.current(first);
    made.failing('refused');
    made.current(snapshot('a'));
    expect(made.state).toEqual({ kind: 'current', snapshot: first });
    expect(made.state.kind === 'current' && made.state.snapshot).toBe(first);
  });

  it('tells one failure and one recovery, however often it fails', () => {
    const { watched: made } = watched();
    made.failing('refused');
    made.failing('time-out');
    made.current(snapshot());
    made.current(snapshot());
    expect(failures.map(({ state, error }) => [state, error])).toEqual([
      ['failing', 'refused'],
      ['recovered', ''],
    ]);
  });

  it('flags it when all nodes go at once', () => {
    const { watched: made } = watched();
    made.current(snapshot());
    made.current(snapshot('a', 'b'));
    made.current(snapshot('b'));
    made.current(snapshot());
    expect(snapshots.map((event) => event.massDisappearance)).toEqual([false, false, false, true]);
  });

  it('takes nodes from a server without a leader where there are no others, and never emptiness', () => {
    const { watched: made } = watched();
    made.doubtful(snapshot(), 'no leader');
    expect(made.state).toEqual({ kind: 'unknown', error: 'no leader' });
    made.doubtful(snapshot('a'), 'no leader');
    expect(made.state).toEqual({ kind: 'stale', snapshot: snapshot('a'), error: 'no leader' });
    made.doubtful(snapshot('b'), 'no leader');
    expect(made.state).toEqual({ kind: 'stale', snapshot: snapshot('a'), error: 'no leader' });
  });

  it('tells the other listeners when one throws, and logs that', () => {
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (_: object, message: string) => errors.push(message) };
    const made = new WatchedService(service, 'test', logger);
    const watch = made.open(() => {});
    let told = 0;
    watch.subscribe(() => {
      throw new Error('mine');
    });
    watch.subscribe(() => {
      told += 1;
    });
    made.current(snapshot('a'));
    expect(told).toBe(1);
    expect(errors).toEqual(['a listener of a service watch threw']);
  });

  it('tells nobody after close or unsubscribe', () => {
    const made = new WatchedService(service, 'test', silentLogger);
    const states: string[] = [];
    const watch = made.open(() => {});
    const stop = watch.subscribe(() => states.push('stopped'));
    watch.subscribe(() => states.push('closed'));
    stop();
    made.current(snapshot('a'));
    watch.close();
    made.current(snapshot('b'));
    expect(states).toEqual(['closed']);
  });
});

describe('watches of services', () => {
  it('follows a service once for all watches of it, until the last is closed', () => {
    const followed: string[] = [];
    const watches = serviceWatches('test', silentLogger, (made) => {
      followed.push(`+${made.service.name}`);
      return () => followed.push(`-${made.service.name}`);
    });
    const first = watches.open({ name: 'a' });
    const second = watches.open({ name: 'a' });
    watches.open({ name: 'b' });
    expect(followed).toEqual(['+a', '+b']);
    first.close();
    first.close();
    expect(followed).toEqual(['+a', '+b']);
    second.close();
    expect(followed).toEqual(['+a', '+b', '-a']);
    watches.open({ name: 'a' });
    watches.closeAll();
    expect(followed).toEqual(['+a', '+b', '-a', '+a', '-b', '-a']);
    expect(watches.size).toBe(0);
  });

  it('follows the services of two datacenters apart', () => {
    const watches = serviceWatches('test', silentLogger, () => () => {});
    watches.open({ name: 'a' });
    watches.open({ name: 'a', datacenter: 'dc2' });
    expect(watches.size).toBe(2);
  });
});
