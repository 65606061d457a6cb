import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createClient } from 'nice-grpc';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ProbeReply, type ProbeRequest, ProbeService } from './gen/probe.js';
import { metadata } from './observation.js';
import { GRPC_JS_STUBS } from './stubs.js';
import { probeMesh } from './targets.js';

const MIB = 1024 * 1024;
const MESSAGES = 100_000;

let server: ChildProcess;
let address = '';
let mesh: ReturnType<typeof probeMesh>;

beforeAll(async () => {
  setFlagsFromString('--expose-gc');
  server = fork(fileURLToPath(new URL('./list-server.mjs', import.meta.url)), { stdio: 'inherit' });
  const [message] = await once(server, 'message');
  address = message.address;
});

afterAll(() => {
  server.kill('SIGKILL');
});

beforeEach(() => {
  mesh = probeMesh([address]);
});

afterEach(() => mesh.close());

/** What the process holds when everything that can go has gone: the least of a few looks, as some of it goes a turn later. */
async function heldBytes(): Promise<number> {
  const gc: unknown = runInNewContext('gc');
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 3; look++) {
    if (typeof gc === 'function') gc();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return least;
}

const REQUEST: ProbeRequest = { text: '', count: MESSAGES, payload: Buffer.alloc(0), size: 1024 };

/** Reads all, and stands still now and then, so that a client which reads ahead would fill its memory. */
async function readSlowly(replies: AsyncIterable<ProbeReply>): Promise<{ read: number; grownMiB: number }> {
  const before = await heldBytes();
  let read = 0;
  let grown = 0;
  for await (const _reply of replies) {
    if (read++ % 20_000 !== 5000) continue;
    await new Promise((resolve) => setTimeout(resolve, 100));
    grown = Math.max(grown, (await heldBytes()) - before);
  }
  return { read, grownMiB: grown / MIB };
}

describe('a slow reader of 100,000 messages of 1 KiB', { timeout: 120_000 }, () => {
  it('does not fill the memory of a grpc-js stub', async () => {
    const channel = mesh.channel('probe', { definitions: [ProbeService] });
    const target = { address: 'probe', options: { channelOverride: channel }, channel: () => channel };
    const stub = GRPC_JS_STUBS['the generated client']({ ...target, close: async () => {} });
    const { read, grownMiB } = await readSlowly(stub.list(REQUEST));
    expect(read).toBe(MESSAGES);
    expect(grownMiB).toBeLessThan(32);
  });

  // The same for clients that stand on the same path, with less of it: what they read ahead would show as well.
  const FEWER: ProbeRequest = { ...REQUEST, count: 20_000 };

  it('does not fill the memory of nice-grpc, where the mesh does not know the kind of the call', async () => {
    const probe = createClient(ProbeService, mesh.channel('probe'));
    const { read, grownMiB } = await readSlowly(probe.list(FEWER));
    expect(read).toBe(FEWER.count);
    expect(grownMiB).toBeLessThan(8);
  });

  it('does not fill the memory of the typed client', async () => {
    const probe = mesh.client(ProbeService, { service: 'probe' });
    const { read, grownMiB } = await readSlowly(probe.list(FEWER));
    expect(read).toBe(FEWER.count);
    expect(grownMiB).toBeLessThan(8);
  });
});

describe('a writer', { timeout: 120_000 }, () => {
  it('is paced by a server that does not read', async () => {
    const probe = mesh.client(ProbeService, { service: 'probe' });
    let taken = 0;
    const stop = new AbortController();
    async function* endless(): AsyncGenerator<ProbeRequest> {
      for (;;) {
        taken++;
        yield { text: '', count: 0, payload: Buffer.alloc(1024), size: 0 };
      }
    }
    const before = await heldBytes();
    const ended = probe.collect(endless(), { metadata: metadata({ do: 'ignore' }), signal: stop.signal });
    ended.catch(() => {});
    let last = -1;
    while (taken !== last) {
      last = taken;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(taken).toBeGreaterThan(10);
    expect(taken).toBeLessThan(10_000);
    expect(((await heldBytes()) - before) / MIB).toBeLessThan(32);
    stop.abort();
    await expect(ended).rejects.toMatchObject({ code: 1 });
    await expect.poll(async () => ((await heldBytes()) - before) / MIB).toBeLessThan(4);
  });

  it('of 40,000 messages leaves nothing of them in memory', async () => {
    const probe = mesh.client(ProbeService, { service: 'probe' });
    const before = await heldBytes();
    let grown = 0;
    async function* many(): AsyncGenerator<ProbeRequest> {
      for (let index = 1; index <= 40_000; index++) {
        if (index % 10_000 === 0) grown = Math.max(grown, (await heldBytes()) - before);
        yield { text: '', count: 0, payload: Buffer.alloc(100), size: 0 };
      }
    }
    const { count } = await probe.collect(many());
    expect(count).toBe(40_000);
    expect(grown / MIB).toBeLessThan(8);
  });
});
