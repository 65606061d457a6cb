import { events, parseAddress } from '@micromesh/core';
import { type ConsulOptions, consul, type Registration, type Registry } from '@micromesh/registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Behave, instance, list, misbehave, ScriptedAgent, type SeenRequest } from './scripted-agent.js';

let agent: ScriptedAgent;
let registry: Registry;
const agents: ScriptedAgent[] = [];
const told: string[] = [];
let unsubscribe: (() => void)[] = [];

beforeEach(async () => {
  agent = await startAgent();
  unsubscribe = [
    events.registry.subscribe((event) => told.push(`${event.operation} ${event.state}`)),
    events.registration.subscribe((event) => told.push(event.state)),
  ];
});

afterEach(async () => {
  await registry.close();
  for (const each of unsubscribe) each();
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

/** For an agent that hangs; others have time also where the machine stands still. */
const HASTY = { requestTimeoutMs: 200 } as const;

function open(options: ConsulOptions = {}): Registry {
  registry = consul({
    address: agent.address,
    requestTimeoutMs: 10_000,
    retryBaseMs: 5,
    retryMaxMs: 40,
    heartbeatMs: 150,
    env: {},
    ...options,
  });
  return registry;
}

const node: Registration = {
  service: { name: 'hello' },
  id: 'hello-1',
  address: parseAddress('127.0.0.1:5001'),
  version: '',
  labels: {},
  weight: 1,
  check: 'ttl',
};

const PASS = 'PUT /v1/agent/check/pass/service:hello-1';
const REGISTER = 'PUT /v1/agent/service/register';
const DEREGISTER = 'PUT /v1/agent/service/deregister/hello-1';

function writes(of: ScriptedAgent): string[] {
  return of.seen.map(({ method, path }) => `${method} ${path}`).filter((line) => line.startsWith('PUT'));
}

/** Answers one path badly while `on`; all others well. */
function failing(line: string, behave: Behave): { behave: Behave; on: boolean } {
  const state = { on: true, behave };
  state.behave = (response, request: SeenRequest) => {
    if (state.on && `${request.method} ${request.path}` === line) return behave(response, request);
    response.writeHead(200).end();
  };
  return state;
}

function status(code: number, words: string): Behave {
  return (response) => {
    response.writeHead(code, { 'content-type': 'text/plain' }).end(words);
  };
}

describe('a registration', () => {
  it('is written, and passes at once', async () => {
    agent.script(list([], 1));
    const registered = await open().register(node);
    expect(writes(agent)).toEqual([REGISTER, PASS]);
    await registered.deregister();
    expect(writes(agent).at(-1)).toBe(DEREGISTER);
    expect(told).toEqual(['registered', 'deregistered']);
  });

  it.each([
    ['404', status(404, 'Unknown check ID "service:hello-1"')],
    ['500', status(500, 'CheckID "service:hello-1" does not have associated TTL')],
  ])('is written again when the agent, restarted, answers a beat with %s', async (_, forgotten) => {
    agent.script(list([], 1));
    await open().register(node);
    let answered = false;
    agent.other = (response, request) => {
      if (answered || !request.path.includes('/check/pass/')) return response.writeHead(200).end();
      answered = true;
      return forgotten(response, request);
    };
    await expect.poll(() => told).toEqual(['registered', 'reregistered']);
    expect(writes(agent).slice(0, 5)).toEqual([REGISTER, PASS, PASS, REGISTER, PASS]);
  });

  it('is looked at as soon as the agent has closed its connection', async () => {
    agent.script(list([], 1));
    await open({ heartbeatMs: 120_000, ttlMs: 300_000 }).register(node);
    const count = writes(agent).length;
    await agent.die();
    await agent.start();
    await expect.poll(() => writes(agent).length).toBeGreaterThan(count);
  });

  it('is looked at when a watch has seen the registry come back', async () => {
    agent.script(list([], 1), list([], 2));
    await open({ heartbeatMs: 120_000, ttlMs: 300_000 }).register(node);
    registry.watch({ name: 'other' });
    await expect.poll(() => agent.indexes).toEqual(['-', '-', '2']);
    const count = writes(agent).length;
    agent.script(misbehave.reset, list([], 1));
    await expect.poll(() => writes(agent).length).toBe(count + 1);
  });

  it('beats over one connection of its own, which stays', async () => {
    agent.script(list([], 1));
    await open({ heartbeatMs: 20 }).register(node);
    await expect.poll(() => writes(agent).length).toBeGreaterThan(4);
    expect(agent.connections).toBe(1);
  });

  it('is refused with the words of the agent', async () => {
    agent.script(list([], 1));
    agent.other = failing(REGISTER, status(400, 'Invalid check: TTL must be > 0')).behave;
    await expect(open().register(node)).rejects.toMatchObject({
      name: 'RegistryError',
      statusCode: 400,
      message: expect.stringContaining('400 Invalid check: TTL must be > 0'),
    });
    agent.other = status(200, '');
    agent.script(list([], 1));
    await registry.register(node);
  });

  it('takes the id of an instance that is critical, at whatever address: its process has died', async () => {
    agent.script(list([{ ...instance('hello-1', 5009), Checks: [{ Status: 'critical' }] }], 1));
    await open().register(node);
    expect(writes(agent)).toEqual([REGISTER, PASS]);
  });

  it('is refused while another address passes under its id, also beside a critical one', async () => {
    const dead = { ...instance('hello-1', 5008), Checks: [{ Status: 'critical' }] };
    agent.script(list([dead, instance('hello-1', 5009)], 1));
    await expect(open().register(node)).rejects.toThrow(
      /id: "hello-1" is registered already \(by 127.0.0.1:5009\)/,
    );
    expect(writes(agent)).toEqual([]);
  });

  it('fails in time when the agent hangs', async () => {
    agent.script(misbehave.hang);
    await expect(open(HASTY).register(node)).rejects.toThrow(/no answer within 200 ms/);
  });

  it('sends the token, and the new one when it is refused', async () => {
    agent.script(list([], 1));
    let token = 'old';
    await open({ token: async () => token, heartbeatMs: 30 }).register(node);
    token = 'new';
    agent.other = (response, request) => {
      response.writeHead(request.token === 'new' ? 200 : 403, { 'content-type': 'text/plain' });
      response.end('Permission denied');
    };
    await expect
      .poll(() => agent.seen.filter((request) => request.token === 'new').length)
      .toBeGreaterThan(2);
    expect(agent.seen.filter((request) => request.token === 'old').length).toBeLessThan(5);
    expect(told).toEqual(['registered']);
  });

  it('moves to another agent when its own is gone, and is taken away from both', async () => {
    const second = await startAgent();
    agent.script(list([], 1));
    const registered = await open({ address: [agent.address, second.address] }).register(node);
    await agent.die();
    await expect.poll(() => writes(second)).toEqual([REGISTER, PASS]);
    await agent.start();
    await registered.deregister();
    expect([writes(agent).at(-1), writes(second).at(-1)]).toEqual([DEREGISTER, DEREGISTER]);
  });

  it('tells when beats fail and when they are taken again', async () => {
    agent.script(list([], 1));
    await open(HASTY).register(node);
    const state = failing(PASS, misbehave.hang);
    agent.other = state.behave;
    await expect.poll(() => told).toContain('heartbeat failing');
    state.on = false;
    await expect.poll(() => told).toContain('heartbeat recovered');
    expect(told).toEqual(['registered', 'heartbeat failing', 'heartbeat recovered']);
  });
});

describe('the check of a node', () => {
  it.each([
    ['gRPC where the agent runs on this machine', '{"Member":{"Addr":"127.0.0.1"}}', {}, 'GRPC'],
    ['a heartbeat where the agent is elsewhere', '{"Member":{"Addr":"203.0.113.9"}}', {}, 'TTL'],
    ['a heartbeat where the agent does not say', '{}', {}, 'TTL'],
    [
      'a heartbeat to the dev agent',
      '{"Member":{"Addr":"127.0.0.1"}}',
      { 'x-micromesh-dev-agent': '1' },
      'TTL',
    ],
  ])('is %s', async (_, self, headers, kind) => {
    agent.script(list([], 1));
    agent.other = (response, { path }) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      response.end(path === '/v1/agent/self' ? self : '');
    };
    await open().register({ ...node, check: 'auto' });
    const [registration] = agent.seen.filter(({ path }) => path === '/v1/agent/service/register');
    expect(JSON.parse(registration?.body ?? '')).toMatchObject({ Check: { [kind]: expect.any(String) } });
  });

  it('is a heartbeat where the token may not ask', async () => {
    agent.script(list([], 1));
    agent.other = failing('GET /v1/agent/self', misbehave.forbidden).behave;
    await open().register({ ...node, check: 'auto' });
    expect(writes(agent)).toEqual([REGISTER, PASS]);
  });
});
