import { type ConsulOptions, consul, type KeyValueRegistry, RegistryError } from '@micromesh/registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { valuesBecome } from './kv-conformance.js';
import { type Behave, misbehave, ScriptedAgent } from './scripted-agent.js';

let agent: ScriptedAgent;
const agents: ScriptedAgent[] = [];
const registries: KeyValueRegistry[] = [];

beforeEach(async () => {
  agent = await startAgent();
});

afterEach(async () => {
  await Promise.all(registries.splice(0).map((registry) => registry.close()));
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

function open(options: ConsulOptions = {}): KeyValueRegistry['keyValues'] {
  const registry = consul({
    address: agent.address,
    requestTimeoutMs: 10_000,
    waitMs: 30_000,
    minIntervalMs: 5,
    retryBaseMs: 5,
    retryMaxMs: 40,
    env: {},
    ...options,
  });
  registries.push(registry);
  return registry.keyValues;
}

/** The keys as Consul sends them; 404 where there are none. */
function keys(
  values: readonly string[],
  index: number,
  headers: Readonly<Record<string, string>> = {},
): Behave {
  return (response) => {
    const all = { 'x-consul-index': String(index), 'x-consul-knownleader': 'true', ...headers };
    if (values.length === 0) {
      response.writeHead(404, all).end();
      return;
    }
    const entries = values.map((value, at) => ({
      Key: `k/${at}`,
      Value: Buffer.from(value).toString('base64'),
      ModifyIndex: at + 1,
      Flags: 0,
    }));
    response.writeHead(200, { 'content-type': 'application/json', ...all }).end(JSON.stringify(entries));
  };
}

const written: Behave = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('true');
};
const strangersNotFound: Behave = (response) => {
  response.writeHead(404, { 'content-type': 'text/html' }).end('<html>Not Found</html>');
};
const bareNotFound: Behave = (response) => {
  response.writeHead(404).end();
};
const otherJson: Behave = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '7' }).end('{"a":1}');
};
const notEntries: Behave = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '7' }).end('[{"Key":"k"}]');
};

describe.each<[string, Behave, ConsulOptions?]>([
  ['knows no leader', misbehave.noLeader],
  ['sends a page', misbehave.html],
  ['is a bad gateway', misbehave.badGateway],
  ['sends half a body', misbehave.halfThenEnd],
  ['cuts half-way', misbehave.halfThenReset],
  ['resets', misbehave.reset],
  ['says nothing', misbehave.hang, HASTY],
  ['refuses the token', misbehave.forbidden],
  ['sends the 404 of something else', strangersNotFound],
  ['sends a 404 without an index', bareNotFound],
  ['sends other JSON', otherJson],
  ['sends what are no entries', notEntries],
  ['has lost its leader, and knows nothing', keys([], 9, { 'x-consul-knownleader': 'false' })],
  ['filters by ACLs', keys([], 9, { 'x-consul-results-filtered-by-acls': 'true' })],
])('an agent that %s', (_, behave, options) => {
  it('empties no watch, which recovers', async () => {
    agent.other = keys(['a', 'b'], 5);
    const watch = open(options).watch('k/');
    await valuesBecome(watch, ['a', 'b']);
    agent.other = behave;
    await expect
      .poll(() => watch.state, { interval: 5 })
      .toMatchObject({
        kind: 'stale',
        entries: [{ value: 'a' }, { value: 'b' }],
        error: expect.stringMatching(/./),
      });
    agent.other = keys(['a', 'c'], 6);
    await valuesBecome(watch, ['a', 'c']);
  });

  it('lets a watch that knows nothing yet say so', async () => {
    agent.other = behave;
    const watch = open(options).watch('k/');
    await expect
      .poll(() => watch.state)
      .toMatchObject({
        kind: 'unknown',
        error: expect.stringMatching(/./),
      });
    agent.other = keys([], 6);
    await valuesBecome(watch, []);
  });
});

it('a question that is not answered as it should be is an error, never an absence', async () => {
  const store = open();
  for (const behave of [strangersNotFound, bareNotFound, otherJson, misbehave.noLeader, misbehave.html]) {
    agent.other = behave;
    await expect(store.get('k/0')).rejects.toThrow(RegistryError);
    await expect(store.list('k/')).rejects.toThrow(RegistryError);
    await expect(store.put('k/0', 'x')).rejects.toThrow(RegistryError);
  }
});

it('a write by cas is sent once, others again where a kept connection was closed', async () => {
  const store = open();
  agent.other = written;
  await store.put('k', 'v');
  agent.other = misbehave.reset;
  agent.seen.length = 0;
  await expect(store.put('k', 'v', { cas: 1 })).rejects.toThrow(RegistryError);
  expect(agent.seen).toHaveLength(1);
  agent.other = written;
  await store.put('k', 'v');
  agent.other = misbehave.reset;
  agent.seen.length = 0;
  await expect(store.put('k', 'v')).rejects.toThrow(RegistryError);
  expect(agent.seen).toHaveLength(2);
});

it('a write by cas asks one agent, and the next one asks another', async () => {
  const second = await startAgent();
  second.other = written;
  const store = open({ address: [agent.address, second.address] });
  await agent.die();
  await expect(store.put('k', 'v', { cas: 0 })).rejects.toThrow(RegistryError);
  expect(second.seen).toHaveLength(0);
  expect(await store.put('k', 'v', { cas: 0 })).toBe(true);
});

it('any number of requests share a few connections', async () => {
  agent.other = keys(['a'], 5);
  const store = open({ requestTimeoutMs: 5_000 });
  await Promise.all(Array.from({ length: 200 }, () => store.get('k/0')));
  expect(agent.seen).toHaveLength(200);
  expect(agent.connections).toBeLessThanOrEqual(16);
});

it('requests carry the datacenter, the partition and the token', async () => {
  agent.other = written;
  const store = open({ datacenter: 'dc2', partition: 'shop', token: 'secret' });
  await store.put('a b/ä', 'value', { cas: 7 });
  await store.delete('a b/ä');
  const [put, gone] = agent.seen;
  expect(put).toMatchObject({ method: 'PUT', path: '/v1/kv/a b/ä', body: 'value', token: 'secret' });
  expect(Object.fromEntries(put?.query ?? [])).toEqual({ dc: 'dc2', partition: 'shop', cas: '7' });
  expect(gone).toMatchObject({ method: 'DELETE', path: '/v1/kv/a b/ä', body: '', token: 'secret' });
  expect(Object.fromEntries(gone?.query ?? [])).toEqual({ dc: 'dc2', partition: 'shop' });
});
