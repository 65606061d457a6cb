import { type Client, Metadata, status } from '@grpc/grpc-js';
import { IDEMPOTENCY_KEY, systemClock } from '@micromesh/core';
import { memory } from '@micromesh/registry';
import {
  type IdempotencyOptions,
  type IdempotencyStore,
  idempotency,
  keyValueIdempotencyStore,
  memoryIdempotencyStore,
  REPLAYED,
  RpcError,
} from '@micromesh/server';
import { afterEach, describe, expect, it } from 'vitest';
import { plainClient } from './echo.js';
import { gate, type Setup, say, startEcho, until } from './harness.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function withKey(key: string, more: Readonly<Record<string, string>> = {}): { metadata: Metadata } {
  const metadata = new Metadata();
  metadata.set(IDEMPOTENCY_KEY, key);
  for (const [name, value] of Object.entries(more)) metadata.set(name, value);
  return { metadata };
}

async function start(
  handlers: NonNullable<Setup['handlers']>,
  store: IdempotencyStore = memoryIdempotencyStore(),
  options: IdempotencyOptions = {},
): Promise<Client> {
  open.push(store);
  const running = await startEcho({ handlers, interceptors: [idempotency(store, options)] });
  const client = plainClient(running.address);
  open.push(client, { close: () => running.stop() });
  return client;
}

describe('a server that runs a call with a key once', () => {
  it('gives a replay the same response, headers and trailers, and says that it is one', async () => {
    let runs = 0;
    const client = await start({
      say: async ({ text }, { header, trailer }) => {
        runs += 1;
        header.set('from', 'handler');
        trailer.set('cost', '5');
        trailer.set('trace-bin', Buffer.from([0, 1, 255]));
        return { text: `${text} ${runs}` };
      },
    });
    const first = await say(client, { text: 'pay' }, withKey('k'));
    const replay = await say(client, { text: 'pay' }, withKey('k'));
    expect(first.reply).toEqual(replay.reply);
    expect(first.reply?.text).toBe('pay 1');
    expect(first.status.metadata.get(REPLAYED)).toEqual([]);
    expect(replay.header?.get('from')).toEqual(['handler']);
    expect(replay.status.metadata.get('cost')).toEqual(['5']);
    expect(replay.status.metadata.get('trace-bin')).toEqual([Buffer.from([0, 1, 255])]);
    expect(replay.status.metadata.get(REPLAYED)).toEqual(['true']);
    expect((await say(client, { text: 'pay' }, withKey('other'))).reply?.text).toBe('pay 2');
    expect((await say(client, { text: 'pay' })).reply?.text).toBe('pay 3');
    expect((await say(client, { text: 'pay' })).reply?.text).toBe('pay 4');
  });

  it('refuses the key with another request, and names key and mend', async () => {
    const client = await start({});
    await say(client, { text: 'pay' }, withKey('k-1'));
    const { error } = await say(client, { text: 'pay more' }, withKey('k-1'));
    expect(error).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details:
        'idempotency-key "k-1" belongs to another request; send the same request again, or another key',
    });
  });

  it('lets a replay wait for the first, each until its own deadline', async () => {
    const { opened, open: finish } = gate();
    let runs = 0;
    const client = await start({
      say: async ({ text }) => {
        runs += 1;
        await opened;
        return { text };
      },
    });
    const first = say(client, { text: 'slow' }, withKey('k'));
    await until(() => runs === 1);
    const hasty = await say(client, { text: 'slow' }, { ...withKey('k'), deadlineMs: 100 });
    expect(hasty.error?.code).toBe(status.DEADLINE_EXCEEDED);
    const patient = say(client, { text: 'slow' }, withKey('k'));
    finish();
    expect((await first).reply?.text).toBe('slow');
    expect((await patient).reply?.text).toBe('slow');
    expect(runs).toBe(1);
  });

  it('keeps the answer of a call whose caller went away while it ran', async () => {
    const { opened, open: finish } = gate();
    let runs = 0;
    const client = await start({
      say: async ({ text }) => {
        runs += 1;
        await opened;
        return { text };
      },
    });
    const gone = await say(client, { text: 'slow' }, { ...withKey('k'), deadlineMs: 1000 });
    expect(gone.error?.code).toBe(status.DEADLINE_EXCEEDED);
    finish();
    expect((await say(client, { text: 'slow' }, withKey('k'))).reply?.text).toBe('slow');
    expect(runs).toBe(1);
  });

  it('runs a call again that has failed, or was not wanted any more', async () => {
    let runs = 0;
    const client = await start({
      say: async ({ text }, { signal, stillWanted }) => {
        runs += 1;
        if (runs === 1) throw new RpcError(status.INTERNAL, 'broken');
        if (runs === 2) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          await stillWanted();
        }
        return { text };
      },
    });
    expect((await say(client, { text: 'a' }, withKey('k'))).error?.code).toBe(status.INTERNAL);
    const late = await say(client, { text: 'a' }, { ...withKey('k'), deadlineMs: 1000 });
    expect(late.error?.code).toBe(status.DEADLINE_EXCEEDED);
    expect((await say(client, { text: 'a' }, withKey('k'))).reply?.text).toBe('a');
    expect((await say(client, { text: 'a' }, withKey('k'))).reply?.text).toBe('a');
    expect(runs).toBe(3);
  });

  it('keeps callers apart by scope', async () => {
    let runs = 0;
    const client = await start({ say: async () => ({ text: String(++runs) }) }, memoryIdempotencyStore(), {
      scope: ({ metadata }) => String(metadata.get('caller')[0]),
    });
    expect((await say(client, { text: 'a' }, withKey('k', { caller: 'x' }))).reply?.text).toBe('1');
    expect((await say(client, { text: 'a' }, withKey('k', { caller: 'y' }))).reply?.text).toBe('2');
    expect((await say(client, { text: 'a' }, withKey('k', { caller: 'x' }))).reply?.text).toBe('1');
  });

  it('refuses a key that is none', async () => {
    const client = await start({});
    const { error } = await say(client, { text: 'a' }, withKey('x'.repeat(256)));
    expect(error).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: 'idempotency-key: 256 characters are no key; send 1 to 255',
    });
  });

  it('lets nothing run when its store does not answer', async () => {
    const registry = memory();
    let runs = 0;
    const client = await start(
      { say: async () => ({ text: String(++runs) }) },
      keyValueIdempotencyStore(registry.keyValues),
    );
    await registry.close();
    const { error } = await say(client, { text: 'a' }, withKey('k'));
    expect(error?.code).toBe(status.UNAVAILABLE);
    expect(error?.details).toMatch(/the store of idempotency keys does not answer, so "k" was not run here/);
    expect(runs).toBe(0);
  });

  it('lets streams pass', async () => {
    const client = await start({});
    const call = client.makeServerStreamRequest(
      '/echo.v1.Echo/List',
      () => Buffer.alloc(0),
      (bytes: Buffer) => bytes,
      {},
      withKey('k').metadata,
    );
    call.on('error', () => {});
    call.resume();
    const ended = await new Promise<{ code: number }>((resolve) => call.on('status', resolve));
    expect(ended.code).toBe(status.OK);
  });

  it('refuses options that it does not have', () => {
    const store = memoryIdempotencyStore({ clock: systemClock });
    const misspelt = { onLostOwner: 'run' as const, scopes: () => '' };
    expect(() => idempotency(store, misspelt)).toThrow(/did you mean scope\?/);
  });
});
