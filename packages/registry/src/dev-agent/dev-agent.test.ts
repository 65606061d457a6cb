import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DevAgent, startDevAgent } from './dev-agent.js';

let agent: DevAgent;
beforeEach(async () => {
  agent = await startDevAgent({ port: 0, env: {}, maxConnections: 20 });
});
afterEach(() => agent.stop());

function get(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://${agent.address}${path}`, {
    ...init,
    headers: { connection: 'close', ...init.headers },
  });
}

describe('the dev agent', () => {
  it('says what it is in a header of every answer and in agent/self', async () => {
    const self = await get('/v1/agent/self');
    expect(self.headers.get('x-micromesh-dev-agent')).toBe('1.8.7');
    expect(await self.json()).toMatchObject({ MicromeshDevAgent: { outboundChecks: false } });
    expect((await get('/v1/nothing')).headers.get('x-micromesh-dev-agent')).toBe('1.8.7');
  });

  it('answers 403 to a name that is not the loopback', async () => {
    const status = await new Promise((resolve, reject) => {
      const url = `http://${agent.address}/v1/agent/services`;
      request(url, { agent: false, headers: { host: 'evil.example:8555' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });

  it('sends people to Consul with 501 for all that it does not have', async () => {
    for (const path of ['/v1/agent/members', '/v1/session/list', '/v1/health/service/a?filter=x', '/ui']) {
      const answer = await get(path);
      expect(answer.status, path).toBe(501);
      expect(await answer.text()).toContain('consul agent -dev');
    }
  });

  it('refuses production, a host that others reach, and unknown options', async () => {
    await expect(startDevAgent({ port: 0, env: { NODE_ENV: 'production' } })).rejects.toThrow(
      'NODE_ENV: "production" is no place for the dev agent',
    );
    await expect(startDevAgent({ port: 0, host: '0.0.0.0' })).rejects.toThrow(
      'host: "0.0.0.0" is not the loopback',
    );
    await expect(startDevAgent({ env: { MICROMESH_DEV_AGENT_PORT: 'x' } })).rejects.toThrow(
      'MICROMESH_DEV_AGENT_PORT: "x" is no port',
    );
    const misspelt: object = { prot: 1 };
    await expect(startDevAgent(misspelt)).rejects.toThrow('did you mean port?');
  });

  it('answers on IPv6 too', async () => {
    const other = await startDevAgent({ port: 0, host: '::1', env: {} });
    try {
      expect(other.address).toMatch(/^\[::1\]:\d+$/);
      expect((await fetch(`http://${other.address}/v1/status/leader`)).status).toBe(200);
    } finally {
      await other.stop();
    }
  });

  it('refuses a body above 512 KiB, also one that does not say its length', async () => {
    const body = new ReadableStream({
      start(controller) {
        for (let chunk = 0; chunk < 9; chunk++) controller.enqueue(new Uint8Array(64 * 1024));
        controller.close();
      },
    });
    const answer = await get('/v1/kv/big', { method: 'PUT', body, duplex: 'half' });
    expect(answer.status).toBe(413);
    expect(await answer.text()).toContain('too large, max size: 524288 bytes');
  });

  it('closes connections above its limit at once', async () => {
    const address = new URL(`http://${agent.address}`);
    const sockets = Array.from({ length: 30 }, () => connect(Number(address.port), address.hostname));
    const open = new Set(sockets);
    for (const socket of sockets) socket.on('error', () => {}).on('close', () => open.delete(socket));
    await expect.poll(() => open.size).toBe(20);
    for (const socket of sockets) socket.destroy();
  });

  it('is not idle while somebody waits, and is again when that one goes', async () => {
    const abort = new AbortController();
    const wait = get('/v1/catalog/services?index=999&wait=60s', { signal: abort.signal });
    await expect.poll(() => agent.idleMs).toBe(0);
    abort.abort();
    await expect(wait).rejects.toThrow();
    await expect.poll(() => agent.idleMs).toBeGreaterThan(0);
  });

  it('ends with queries waiting', async () => {
    const wait = get('/v1/catalog/services?index=999&wait=60s');
    await expect.poll(() => agent.idleMs).toBe(0);
    await agent.stop();
    await expect(wait).rejects.toThrow();
    agent = await startDevAgent({ port: 0, env: {} });
  });
});

describe('a dev agent that misbehaves', () => {
  it('has no leader, for as many requests of a path as were said', async () => {
    agent.misbehave('noLeader', { path: '/v1/health/', times: 2 });
    expect((await get('/v1/catalog/services')).status).toBe(200);
    for (const status of [500, 500, 200]) expect((await get('/v1/health/service/a')).status).toBe(status);
  });

  it('answers a web page until it is told to stop', async () => {
    const end = agent.misbehave('html');
    expect(await (await get('/v1/catalog/services')).text()).toContain('<html>');
    end();
    expect(await (await get('/v1/catalog/services')).json()).toEqual({ consul: [] });
  });

  it('breaks off in the middle of a body', async () => {
    agent.misbehave('halfBody', { times: 1 });
    const answer = await get('/v1/agent/self');
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  it('resets, and hangs until the client gives up', async () => {
    agent.misbehave('reset', { times: 1 });
    await expect(get('/v1/agent/self')).rejects.toThrow();
    agent.misbehave('hang', { times: 1 });
    await expect(get('/v1/agent/self', { signal: AbortSignal.timeout(50) })).rejects.toThrow('timeout');
    expect((await get('/v1/agent/self')).status).toBe(200);
  });

  it('gives what waits the same treatment', async () => {
    const wait = get('/v1/catalog/services?index=999&wait=60s');
    await expect.poll(() => agent.idleMs).toBe(0);
    agent.misbehave('noLeader', { times: 1 });
    expect((await wait).status).toBe(500);
  });

  it('shows indexes that went backwards, and goes on from there', async () => {
    const index = async () => Number((await get('/v1/catalog/services')).headers.get('x-consul-index'));
    const before = await index();
    const wait = get(`/v1/catalog/services?index=${before}&wait=60s`);
    await expect.poll(() => agent.idleMs).toBe(0);
    agent.misbehave('indexBackwards');
    expect(Number((await wait).headers.get('x-consul-index'))).toBe(1);
    const next = get('/v1/catalog/services?index=1&wait=60s');
    await expect.poll(() => agent.idleMs).toBe(0);
    await get('/v1/agent/service/register', { method: 'PUT', body: JSON.stringify({ Name: 'a' }) });
    expect(Number((await next).headers.get('x-consul-index'))).toBe(2);
  });
});
