import { type Client, Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { type AbandonedEvent, events } from '@micromesh/core';
import { RpcError, type RunningServer } from '@micromesh/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EchoService, plainClient } from './echo.js';
import { RecordingLogger, type Setup, say, startEcho, until } from './harness.js';

let logger = new RecordingLogger();
let rejections: unknown[] = [];
const open: { close(): unknown }[] = [];
const onRejection = (reason: unknown) => rejections.push(reason);

beforeEach(() => {
  logger = new RecordingLogger();
  rejections = [];
  process.on('unhandledRejection', onRejection);
});

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', onRejection);
  expect(rejections).toEqual([]);
});

async function start(setup: Setup): Promise<{ running: RunningServer; client: Client }> {
  const running = await startEcho({ logger, ...setup });
  const client = plainClient(running.address);
  open.push(client, { close: () => running.stop() });
  return { running, client };
}

function streamStatus(client: Client, kind: 'list' | 'chat'): Promise<StatusObject> {
  const { path, requestSerialize, responseDeserialize } = EchoService[kind];
  const call =
    kind === 'list'
      ? client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {})
      : client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new Metadata());
  call.on('error', () => {});
  call.resume();
  return new Promise((resolve) => call.on('status', resolve));
}

describe('a handler that fails', () => {
  it('by a throw or a rejection is an UNKNOWN reply and one log line with the stack', async () => {
    const { client } = await start({
      handlers: {
        say: ({ text }) => {
          if (text === 'throw') throw new TypeError('thrown');
          return Promise.reject(new Error('rejected'));
        },
      },
    });
    expect((await say(client, { text: 'throw' })).error).toMatchObject({
      code: status.UNKNOWN,
      details: 'thrown',
    });
    expect((await say(client, { text: '' })).error).toMatchObject({
      code: status.UNKNOWN,
      details: 'rejected',
    });
    const lines = logger.of('error');
    expect(lines).toHaveLength(2);
    expect(lines[0]?.fields).toMatchObject({ err: expect.any(TypeError), method: '/echo.v1.Echo/Say' });
  });

  it('in the middle of a stream gives the messages before it, then the status', async () => {
    const { client } = await start({
      handlers: {
        list: async function* () {
          yield { text: 'one' };
          throw new RpcError(status.DATA_LOSS, 'half of it');
        },
        // biome-ignore lint/correctness/useYield: it fails before
        chat: async function* () {
          throw 'a string';
        },
      },
    });
    expect(await streamStatus(client, 'list')).toMatchObject({
      code: status.DATA_LOSS,
      details: 'half of it',
    });
    expect(await streamStatus(client, 'chat')).toMatchObject({ code: status.UNKNOWN, details: 'a string' });
    expect(logger.of('error')).toHaveLength(1);
  });

  it('chooses its status with details and trailers, without a log line', async () => {
    const { client } = await start({
      handlers: {
        say: async (_request, { trailer }) => {
          trailer.set('x-own', '1');
          const metadata = new Metadata();
          metadata.set('grpc-status-details-bin', Buffer.from([8, 5]));
          throw new RpcError(status.NOT_FOUND, 'no such user: ü', metadata);
        },
      },
    });
    const { error } = await say(client, {});
    expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'no such user: ü' });
    expect(error?.metadata.get('grpc-status-details-bin')).toEqual([Buffer.from([8, 5])]);
    expect(error?.metadata.get('x-own')).toEqual(['1']);
    expect(logger.of('error')).toEqual([]);
  });

  it('passes on the error of a downstream grpc-js call', async () => {
    const { client: inner } = await start({
      handlers: {
        say: async () => {
          const metadata = new Metadata();
          metadata.set('x-why', 'because');
          throw new RpcError(status.FAILED_PRECONDITION, 'not now', metadata);
        },
      },
    });
    const { client: outer } = await start({
      handlers: {
        say: async () => {
          const { error } = await say(inner, {});
          throw error;
        },
      },
    });
    const { error } = await say(outer, {});
    expect(error).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'not now' });
    expect(error?.metadata.get('x-why')).toEqual(['because']);
  });

  it('takes codes that are no gRPC status as a bug', async () => {
    const { client } = await start({
      handlers: {
        say: ({ text }) =>
          Promise.reject(Object.assign(new Error('odd'), { code: text === '' ? 'ENOENT' : Number(text) })),
      },
    });
    for (const text of ['', '0', '17', '404', '1.5']) {
      expect((await say(client, { text })).error).toMatchObject({ code: status.UNKNOWN, details: 'odd' });
    }
    expect(() => new RpcError(0, 'fine')).toThrow('RpcError.code: 0 is no gRPC error code');
  });

  it('may say what no header could hold', async () => {
    const { client } = await start({
      handlers: {
        say: ({ text }) =>
          Promise.reject(new Error(text === 'long' ? 'x'.repeat(1e6) : 'half \ud800 pair\n%')),
      },
    });
    expect((await say(client, { text: 'long' })).error?.details).toHaveLength(4096);
    expect((await say(client, {})).error?.details).toBe('half \ufffd pair\n%');
  });

  it('may set headers and trailers that HTTP/2 forbids: they are left out and logged', async () => {
    const { client } = await start({
      handlers: {
        say: async (_request, { header, trailer }) => {
          for (const metadata of [header, trailer]) {
            for (const name of [
              'connection',
              'transfer-encoding',
              'te',
              ':status',
              'grpc-status',
              'content-type',
            ]) {
              metadata.set(name, '13');
            }
            metadata.set('x-good', '1');
          }
          return { text: 'fine' };
        },
        list: async function* (_request, { trailer }) {
          trailer.set('upgrade', 'x');
          yield { text: '' };
          throw new Error('after a forbidden trailer');
        },
      },
    });
    const answer = await say(client, {});
    expect(answer.error).toBeNull();
    expect(answer.reply?.text).toBe('fine');
    expect(answer.status.metadata.get('x-good')).toEqual(['1']);
    expect(logger.of('warn')).toHaveLength(2);
    expect((await streamStatus(client, 'list')).code).toBe(status.UNKNOWN);
  });

  it.each([
    'connection',
    'te',
    'upgrade',
    'http2-settings',
    'transfer-encoding',
    'content-length',
    'grpc-status',
    ':path',
    'a:b',
  ])('may give its status a %s, which is left out and logged', async (name) => {
    const fail = () => {
      const metadata = new Metadata();
      metadata.set(name, '0');
      metadata.set('x-good', '1');
      throw new RpcError(status.NOT_FOUND, 'no such user', metadata);
    };
    const { client } = await start({
      handlers: {
        say: fail,
        list: async function* () {
          yield { text: 'one' };
          fail();
        },
      },
    });
    const { error } = await say(client, {}, { deadlineMs: 2000 });
    expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'no such user' });
    expect(error?.metadata.get('x-good')).toEqual(['1']);
    expect(await streamStatus(client, 'list')).toMatchObject({ code: status.NOT_FOUND });
    expect(logger.of('warn').map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ names: [name] }),
      expect.objectContaining({ names: [name] }),
    ]);
  });

  it('may repeat what HTTP/2 takes one value of: the last is sent, and it is logged', async () => {
    const { client } = await start({
      handlers: {
        say: async ({ text }, { header, trailer }) => {
          trailer.add('retry-after', '1');
          if (text === 'fail') {
            const metadata = new Metadata();
            metadata.set('retry-after', '2');
            throw new RpcError(status.UNAVAILABLE, 'later', metadata);
          }
          trailer.add('retry-after', '2');
          trailer.add('x-many', '1');
          trailer.add('x-many', '2');
          header.add('etag', '1');
          header.add('etag', '2');
          return { text: 'fine' };
        },
      },
    });
    const answer = await say(client, {}, { deadlineMs: 2000 });
    expect(answer.error).toBeNull();
    expect(answer.header?.get('etag')).toEqual(['2']);
    expect(answer.status.metadata.get('retry-after')).toEqual(['2']);
    expect(answer.status.metadata.get('x-many')).toEqual(['1, 2']);
    const failed = await say(client, { text: 'fail' }, { deadlineMs: 2000 });
    expect(failed.error).toMatchObject({ code: status.UNAVAILABLE, details: 'later' });
    expect(failed.status.metadata.get('retry-after')).toEqual(['2']);
    expect(logger.of('warn')).toHaveLength(3);
  });
});

const unserializable = {
  get text(): string {
    throw new TypeError('no text');
  },
};

describe('a response of a wrong type', () => {
  it('is UNKNOWN, as any bug that must not run twice, and a log line, for messages and for streams', async () => {
    const { client } = await start({
      handlers: {
        say: async () => unserializable,
        // @ts-expect-error not an iterable
        list: () => 5,
        chat: async function* () {
          yield { text: '' };
          yield unserializable;
        },
      },
    });
    const { error } = await say(client, {});
    expect(error?.code).toBe(status.UNKNOWN);
    expect(error?.details).toContain('Error serializing response');
    expect((await streamStatus(client, 'list')).code).toBe(status.UNKNOWN);
    expect((await streamStatus(client, 'chat')).code).toBe(status.UNKNOWN);
    expect(logger.of('error')).toHaveLength(3);
  });
});

function sayNow(client: Client) {
  const { path, requestSerialize, responseDeserialize } = EchoService.say;
  return client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, () => {});
}

describe('a handler whose caller has gone', () => {
  it('is abandoned when it asks, as an event, and is no error in the log', async () => {
    const abandoned: AbandonedEvent[] = [];
    const off = events.abandoned.subscribe((event) => abandoned.push(event));
    let effects = 0;
    let inside = false;
    let asked = false;
    const { client } = await start({
      handlers: {
        say: async (_request, { signal, stillWanted }) => {
          await stillWanted();
          inside = true;
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          asked = true;
          await stillWanted();
          effects++;
          return { text: '' };
        },
      },
    });
    const call = sayNow(client);
    await until(() => inside);
    call.cancel();
    await until(() => asked && abandoned.length === 1);
    expect(abandoned).toEqual([
      { service: { name: 'echo' }, method: '/echo.v1.Echo/Say', stage: 'inHandler' },
    ]);
    expect(effects).toBe(0);
    expect(logger.of('error')).toEqual([]);
    off();
  });

  it('is still an error in the log when it has a bug', async () => {
    let inside = false;
    const { client } = await start({
      handlers: {
        say: async (_request, { signal }) => {
          inside = true;
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          throw new TypeError('a bug');
        },
      },
    });
    const call = sayNow(client);
    await until(() => inside);
    call.cancel();
    await until(() => logger.of('error').length === 1);
  });
});
