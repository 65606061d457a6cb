import { createServer, type Server, type Socket } from 'node:net';
import { CallCredentials, connectivityState, credentials, Metadata, status } from '@grpc/grpc-js';
import { freePort } from '@micromesh/cli/stage';
import { events } from '@micromesh/core';
import { createClient, Metadata as NiceMetadata } from 'nice-grpc';
import { afterEach, describe, expect, it } from 'vitest';
import { ProbeClient, type ProbeReply, type ProbeRequest, ProbeService } from './gen/probe.js';
import { metadata, next, until } from './observation.js';
import { ProbeNode } from './probe-node.js';
import { probeMesh } from './targets.js';

const REQUEST: ProbeRequest = { text: 'a', count: 0, payload: Buffer.alloc(0), size: 0 };
const DAY_MS = 86_400_000;

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function startNode(): Promise<ProbeNode> {
  const node = await ProbeNode.start();
  open.push(node);
  return node;
}

function startMesh(addresses: readonly string[], options: Parameters<typeof probeMesh>[1] = {}) {
  const mesh = probeMesh(addresses, options);
  open.push(mesh);
  return mesh;
}

function stubOn(mesh: ReturnType<typeof probeMesh>): ProbeClient {
  const channel = mesh.channel('probe', { definitions: [ProbeService] });
  return new ProbeClient('probe', credentials.createInsecure(), { channelOverride: channel });
}

function unary(stub: ProbeClient, headers = new Metadata(), options = {}) {
  const startedAt = performance.now();
  return new Promise<{ text: string | undefined; code: number | undefined; details: string; ms: number }>(
    (resolve) =>
      stub.unary(REQUEST, headers, options, (error, reply) =>
        resolve({
          text: reply?.text,
          code: error?.code,
          details: error?.details ?? '',
          ms: performance.now() - startedAt,
        }),
      ),
  );
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `127.0.0.1:${address.port}`;
}

/** An address that refuses connections; not one that an outgoing connection can be given. */
async function deadAddress(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}

/** An address that accepts connections and says nothing: a frozen process. */
async function silentAddress(): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => {})));
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return listen(server);
}

function ready(): Metadata {
  const made = new Metadata();
  made.setOptions({ waitForReady: true });
  return made;
}

describe('waitForReady', () => {
  it.each([
    ['refuses', deadAddress],
    ['accepts and is silent', silentAddress],
  ])('with a first node that %s does not eat the deadline', async (_how, first) => {
    const node = await startNode();
    const stub = stubOn(startMesh([await first(), node.address], { defaults: { strategy: 'round-robin' } }));
    for (let index = 0; index < 4; index++) {
      const seen = await unary(stub, ready(), { deadline: Date.now() + 20_000 });
      expect(seen).toMatchObject({ text: 'a', code: undefined });
      expect(seen.ms).toBeLessThan(10_000);
    }
    expect(node.calls).toHaveLength(4);
  });

  it('with a first node that dies under the call does not either', async () => {
    const nodes = [await startNode(), await startNode()];
    const deaths = { left: 1 };
    for (const node of nodes) node.deaths = deaths;
    const stub = stubOn(startMesh(nodes.map(({ address }) => address)));
    const headers = ready();
    headers.set('dies', 'at-once');
    const seen = await unary(stub, headers, { deadline: Date.now() + 20_000 });
    expect(seen).toMatchObject({ text: 'a' });
    expect(seen.ms).toBeLessThan(10_000);
  });

  it('is what a call without it lacks: that fails when no node is connected', async () => {
    const stub = stubOn(startMesh([await deadAddress()]));
    expect(await unary(stub, new Metadata(), { deadline: Date.now() + 10_000 })).toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('waits for a node that is not there yet', async () => {
    const address = await deadAddress();
    const mesh = startMesh([address]);
    const stub = stubOn(mesh);
    let refused = false;
    const off = events.node.subscribe(({ state }) => {
      if (state === 'down') refused = true;
    });
    const waiting = unary(stub, ready(), { deadline: Date.now() + 30_000 });
    await until(() => refused, 'the refusal');
    off();
    const node = await ProbeNode.start({}, Number(address.split(':')[1]));
    open.push(node);
    expect(await waiting).toMatchObject({ text: 'a' });
  });

  it('ends at the deadline where no node comes', async () => {
    const stub = stubOn(startMesh([await deadAddress()]));
    const seen = await unary(stub, ready(), { deadline: Date.now() + 1000 });
    expect(seen).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(seen.details).toContain('a connected node of probe');
  });
});

describe('a stub that waits to be ready', () => {
  // Plain grpc-js never calls back when the channel is closed while its node is down.
  it.each(['the stub', 'the mesh'])('is told when %s is closed', async (what) => {
    const mesh = startMesh([await deadAddress()]);
    const stub = stubOn(mesh);
    const channel = stub.getChannel();
    const waiting = new Promise<Error | undefined>((resolve) =>
      stub.waitForReady(Date.now() + 60_000, resolve),
    );
    const down = connectivityState.TRANSIENT_FAILURE;
    await until(() => channel.getConnectivityState(true) === down, 'the refusal');
    if (what === 'the stub') stub.close();
    else await mesh.close();
    expect((await waiting)?.message).toBe('The channel has been closed');
    expect(channel.getConnectivityState(true)).toBe(connectivityState.SHUTDOWN);
  });
});

describe('a bidirectional client that writes only after headers', () => {
  it('gets them through each stub', async () => {
    const node = await startNode();
    const mesh = startMesh([node.address]);
    const headers = { headers: 'h' };

    const call = stubOn(mesh).chat(metadata(headers));
    await next(call, 'metadata');
    call.write(REQUEST);
    expect(await next<ProbeReply>(call, 'data')).toMatchObject({ text: 'a' });
    call.end();

    for (const probe of [
      createClient(ProbeService, mesh.channel('probe')),
      createClient(ProbeService, mesh.channel('probe', { definitions: [ProbeService] })),
    ]) {
      const seen = { headers: 0 };
      async function* afterHeaders(): AsyncGenerator<ProbeRequest> {
        await until(() => seen.headers === 1, 'the headers');
        yield REQUEST;
      }
      const texts: string[] = [];
      const options = { metadata: new NiceMetadata(headers), onHeader: () => void seen.headers++ };
      for await (const { text } of probe.chat(afterHeaders(), options)) texts.push(text);
      expect(texts).toEqual(['a']);
    }

    const typed = mesh.client(ProbeService, { service: 'probe' });
    let seen = 0;
    async function* afterHeaders(): AsyncGenerator<ProbeRequest> {
      await until(() => seen === 1, 'the headers');
      yield REQUEST;
    }
    const texts: string[] = [];
    const options = { metadata: metadata(headers), onHeader: () => void seen++ };
    for await (const { text } of typed.chat(afterHeaders(), options)) texts.push(text);
    expect(texts).toEqual(['a']);
  });
});

describe('a deadline beyond 24.8 days', () => {
  it('is far away, through a stub and the typed client', async () => {
    const node = await startNode();
    const mesh = startMesh([node.address]);
    const stub = stubOn(mesh);
    expect(await unary(stub, new Metadata(), { deadline: Date.now() + 30 * DAY_MS })).toMatchObject({
      text: 'a',
    });
    expect(
      await unary(stub, new Metadata(), { deadline: new Date(Date.now() + 3650 * DAY_MS) }),
    ).toMatchObject({
      text: 'a',
    });
    const typed = mesh.client(ProbeService, { service: 'probe', timeoutMs: 30 * DAY_MS });
    expect(await typed.unary(REQUEST)).toMatchObject({ text: 'a' });
    const texts: string[] = [];
    const replies = typed.list({ ...REQUEST, count: 2 }, { timeoutMs: 100 * DAY_MS });
    for await (const { text } of replies) texts.push(text);
    expect(texts).toEqual(['a0', 'a1']);
  });
});

describe('proxy variables', () => {
  it('are not for traffic in the mesh', async () => {
    const proxy = `http://${await deadAddress()}`;
    const names = ['http_proxy', 'https_proxy', 'grpc_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'];
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = proxy;
    try {
      const node = await startNode();
      const stub = stubOn(startMesh([node.address]));
      expect(await unary(stub)).toMatchObject({ text: 'a' });
    } finally {
      names.forEach((name, index) => {
        const value = before[index];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      });
    }
  });
});

describe('per-call credentials', () => {
  it('do not go over a clear connection: every kind of call says so, and nothing is sent', async () => {
    const node = await startNode();
    const stub = stubOn(startMesh([node.address]));
    let asked = 0;
    const secret = CallCredentials.createFromMetadataGenerator((_params, done) => {
      asked++;
      const token = new Metadata();
      token.set('authorization', 'Bearer secret');
      done(null, token);
    });
    const options = { credentials: secret };
    const expected = {
      code: status.UNAUTHENTICATED,
      details: expect.stringContaining('per-call credentials would go over a clear connection'),
    };
    expect(await unary(stub, new Metadata(), options)).toMatchObject(expected);
    const collected = await new Promise((resolve) => {
      const call = stub.collect(new Metadata(), options, (error) => resolve(error));
      call.on('error', () => {});
      call.write(REQUEST);
      call.end();
    });
    expect(collected).toMatchObject(expected);
    const list = stub.list(REQUEST, new Metadata(), options);
    expect(await next(list, 'error')).toMatchObject(expected);
    const chat = stub.chat(new Metadata(), options);
    chat.write(REQUEST);
    expect(await next(chat, 'error')).toMatchObject(expected);
    expect(node.calls).toEqual([]);
    expect(asked).toBe(0);
  });
});
