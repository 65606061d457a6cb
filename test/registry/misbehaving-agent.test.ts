import { events, type RegistryEvent } from '@micromesh/core';
import { type ConsulOptions, consul, type Registry, type WatchState } from '@micromesh/registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodesBecome } from './conformance.js';
import { type Behave, instance, list, misbehave, ScriptedAgent } from './scripted-agent.js';

let agent: ScriptedAgent;
let registry: Registry;
const agents: ScriptedAgent[] = [];
const told: RegistryEvent[] = [];
let unsubscribe = () => {};

beforeEach(async () => {
  agent = await startAgent();
  unsubscribe = events.registry.subscribe((event) => told.push(event));
});

afterEach(async () => {
  await registry.close();
  unsubscribe();
  told.length = 0;
  for (const each of agents.splice(0)) {
    await expect.poll(() => each.openConnections).toBe(0);
    await each.die();
  }
});

async function startAgent(): Promise<ScriptedAgent> {
  const started = await new ScriptedAgent().start();
  agents.push(started);
  return started;
}

/** For what is silent; others have time also where the machine stands still. */
const HASTY = { requestTimeoutMs: 150, waitMs: 1_000 } as const;

/** Small times between tries, so that each misbehaviour shows in milliseconds. */
function open(options: ConsulOptions = {}): Registry {
  registry = consul({
    address: agent.address,
    requestTimeoutMs: 10_000,
    waitMs: 30_000,
    minIntervalMs: 5,
    retryBaseMs: 5,
    retryMaxMs: 40,
    env: {},
    ...options,
  });
  return registry;
}

function watch(options: ConsulOptions = {}) {
  const opened = open(options).watch({ name: 'hello' });
  const states: WatchState[] = [];
  opened.subscribe((state) => states.push(state));
  return { opened, states };
}

function ids(state: WatchState): string[] | undefined {
  return state.kind === 'unknown' ? undefined : state.snapshot.nodes.map((node) => node.id);
}

const both = [instance('a', 5001), instance('b', 5002)];

const failures: [string, Behave, RegExp, ConsulOptions?][] = [
  ['has no leader', misbehave.noLeader, /500 No cluster leader/],
  ['answers a web page', misbehave.html, /HTML page/],
  ['is behind a broken proxy', misbehave.badGateway, /502 \(an HTML page\)/],
  [
    'sends half a body and falls silent',
    misbehave.halfThenSilence,
    /stopped half-way: no rest within 150 ms/,
    HASTY,
  ],
  ['sends half a body and resets', misbehave.halfThenReset, /stopped half-way/],
  ['sends half a body and ends', misbehave.halfThenEnd, /no JSON/],
  ['resets connections', misbehave.reset, /ECONNRESET|socket hang up/],
  ['hangs', misbehave.hang, /no answer within 150 ms/, HASTY],
  ['refuses the token', misbehave.forbidden, /403 Permission denied/],
  [
    'lost its leader, and shows emptiness',
    list([], 3, { 'x-consul-knownleader': 'false' }),
    /knows no leader/,
  ],
  [
    'hides what the token may not read',
    list([], 3, { 'x-consul-results-filtered-by-acls': 'true' }),
    /may not read the service hello/,
  ],
];

describe('a watch of an agent that', () => {
  it.each(failures)(
    '%s keeps its snapshot, says so once, and recovers',
    async (_, failure, error, options) => {
      const { opened, states } = watch(options);
      agent.script(list(both, 10));
      await nodesBecome(opened, ['a', 'b']);
      // The first ends the wait, the others what is asked then.
      agent.script(misbehave.reset, failure, failure, failure);
      await expect.poll(() => opened.state.kind).toBe('stale');
      expect(opened.state).toMatchObject({ error: expect.stringMatching(error) });
      agent.script(list([instance('a', 5001)], 3));
      await nodesBecome(opened, ['a']);
      expect(states.map(ids).filter((list) => list?.length === 0)).toEqual([]);
      expect(told.map(({ operation, state }) => `${operation} ${state}`)).toEqual([
        'watch failing',
        'watch recovered',
      ]);
    },
  );

  it.each(failures)(
    '%s from the start leaves it unknown, with the error',
    async (_, failure, error, options) => {
      const { opened } = watch(options);
      agent.script(failure);
      await expect
        .poll(() => opened.state)
        .toMatchObject({
          kind: 'unknown',
          error: expect.stringMatching(error),
        });
      // What the failed question left open.
      agent.script(failure);
      agent.script(list(both, 10));
      await expect.poll(() => ids(opened.state)).toEqual(['a', 'b']);
    },
  );

  it('was never there leaves it unknown, with the error', async () => {
    await agent.die();
    const { opened } = watch();
    await expect
      .poll(() => opened.state)
      .toMatchObject({
        kind: 'unknown',
        error: expect.stringMatching(/connect ECONNREFUSED/),
      });
  });

  it('lets its index go backwards is asked anew', async () => {
    const { opened } = watch();
    agent.script(list(both, 500), list([instance('b', 5002)], 7));
    await nodesBecome(opened, ['b']);
    agent.script(list([instance('b', 5002)], 7));
    await expect.poll(() => agent.indexes).toEqual(['-', '500', '-', '7']);
    agent.script(list(both, 8));
    await nodesBecome(opened, ['a', 'b']);
  });

  it('counts without content is not asked without a pause, and publishes nothing', async () => {
    const { opened, states } = watch({ minIntervalMs: 100 });
    agent.script(list(both, 1));
    await nodesBecome(opened, ['a', 'b']);
    states.length = 0;
    const from = agent.watches.length;
    agent.script(...Array.from({ length: 1_000 }, (_, n) => list([...both].reverse(), n + 2)));
    await expect.poll(() => agent.watches.length - from).toBeGreaterThanOrEqual(3);
    expect(agent.watches.length - from).toBeLessThan(10);
    expect(states).toEqual([]);
  });

  it('never sends an index of 0', async () => {
    const { opened } = watch();
    agent.script(list(both, 0));
    await nodesBecome(opened, ['a', 'b']);
    agent.script(list(both, 4));
    await expect.poll(() => agent.indexes).toEqual(['-', '-', '4']);
  });

  it('cuts a wait once is asked again at once, without a word', async () => {
    const { opened, states } = watch();
    agent.script(list(both, 10));
    await nodesBecome(opened, ['a', 'b']);
    agent.script(misbehave.reset, list(both, 10));
    await expect.poll(() => agent.indexes).toEqual(['-', '10', '-', '10']);
    expect(told).toEqual([]);
    expect(states.map((state) => state.kind)).toEqual(['current']);
  });

  it('shows nodes but no leader to a watch that knows nothing is better than nothing', async () => {
    const { opened } = watch();
    agent.script(list(both, 10, { 'x-consul-knownleader': 'false' }));
    await expect
      .poll(() => opened.state)
      .toMatchObject({ kind: 'stale', error: 'the server knows no leader' });
    expect(ids(opened.state)).toEqual(['a', 'b']);
  });

  it('shows an empty list, with a leader, is believed', async () => {
    const { opened } = watch();
    agent.script(list(both, 10), list([], 11));
    await nodesBecome(opened, []);
    expect(told).toEqual([]);
  });
});

describe('a token', () => {
  it('of a function is asked for again when it is refused', async () => {
    let token = 'old';
    const { opened } = watch({ token: () => token });
    agent.script(list(both, 10));
    await nodesBecome(opened, ['a', 'b']);
    token = 'new';
    agent.script(misbehave.forbidden, list([instance('a', 5001)], 11));
    await nodesBecome(opened, ['a']);
    const tokens = () => agent.watches.map((request) => request.token);
    await expect.poll(tokens).toEqual(['old', 'old', 'new', 'new']);
    expect(told).toEqual([]);
  });

  it('that never comes is an error in time', async () => {
    const { opened } = watch({ ...HASTY, token: () => new Promise(() => {}) });
    await expect
      .poll(() => opened.state)
      .toMatchObject({
        kind: 'unknown',
        error: expect.stringMatching(/token was not there within 150 ms/),
      });
  });
});

describe('several agents', () => {
  it('the next one is asked when one does not answer', async () => {
    const second = await startAgent();
    const { opened } = watch({ address: [agent.address, second.address] });
    agent.script(list(both, 10));
    await nodesBecome(opened, ['a', 'b']);
    second.script(list([instance('b', 5002)], 99));
    await agent.die();
    await nodesBecome(opened, ['b']);
    await expect.poll(() => second.indexes).toEqual(['-', '99']);
    expect(told).toEqual([]);
  });

  it('a frozen one costs one time-out', async () => {
    const second = await startAgent();
    agent.script(misbehave.hang);
    second.script(list(both, 10));
    const { opened } = watch({ ...HASTY, address: [agent.address, second.address] });
    await nodesBecome(opened, ['a', 'b']);
    expect(agent.watches).toHaveLength(1);
    expect(told).toEqual([]);
  });

  it('another one is not asked for what one has refused', async () => {
    const second = await startAgent();
    agent.script(misbehave.forbidden);
    const { opened } = watch({ address: [agent.address, second.address] });
    await expect.poll(() => opened.state).toMatchObject({ error: expect.stringMatching(/403/) });
    expect(second.watches).toEqual([]);
  });
});

describe('one registry', () => {
  it('asks once for a service however many watch it, and no more when the last is closed', async () => {
    const { opened } = watch();
    const others = [1, 2, 3].map(() => registry.watch({ name: 'hello' }));
    agent.script(list(both, 10));
    for (const each of [opened, ...others]) await nodesBecome(each, ['a', 'b']);
    await expect.poll(() => agent.indexes).toEqual(['-', '10']);
    for (const each of [opened, ...others]) each.close();
    await expect.poll(() => agent.openConnections).toBe(0);
  });

  it('asks for what the service key and the options name', async () => {
    open({ datacenter: 'dc1', partition: 'p', stale: true });
    registry.watch({ name: 'hello' });
    registry.watch({ name: 'a/b c', datacenter: 'dc2', peer: 'east', namespace: 'shop' });
    await expect.poll(() => agent.watches).toHaveLength(2);
    const queries = agent.watches.map(({ path, query }) => [path, Object.fromEntries(query)]);
    expect(queries).toEqual(
      expect.arrayContaining([
        ['/v1/health/service/hello', { dc: 'dc1', partition: 'p', stale: '' }],
        ['/v1/health/service/a/b c', { dc: 'dc2', ns: 'shop', partition: 'p', peer: 'east', stale: '' }],
      ]),
    );
  });

  it('says what is wrong with a list of services', async () => {
    agent.other = misbehave.noLeader;
    await expect(open(HASTY).services()).rejects.toThrow(/No cluster leader|internal server error/i);
    agent.other = misbehave.html;
    await expect(registry.services()).rejects.toThrow(/no list of services/);
    agent.other = misbehave.hang;
    await expect(registry.services()).rejects.toThrow(/timed out/);
    agent.other = misbehave.halfThenReset;
    await expect(registry.services()).rejects.toThrow(/timed out/);
  });
});
