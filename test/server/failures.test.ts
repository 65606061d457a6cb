import { Metadata, status } from '@grpc/grpc-js';
import { RpcError } from '@micromesh/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { say } from './harness.js';
import { streamStatus, WatchedServers } from './watched-servers.js';

const servers = new WatchedServers();
beforeEach(() => servers.begin());
afterEach(() => servers.end());

describe('a handler that fails', () => {
  it('by a throw or a rejection is an UNKNOWN reply and one log line with the stack', async () => {
    const client = await servers.start({
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
    const lines = servers.logger.of('error');
    expect(lines).toHaveLength(2);
    expect(lines[0]?.fields).toMatchObject({ err: expect.any(TypeError), method: '/echo.v1.Echo/Say' });
  });

  it('in the middle of a stream gives the messages before it, then the status', async () => {
    const client = await servers.start({
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
    expect(servers.logger.of('error')).toHaveLength(1);
  });

  it('chooses its status with details and trailers, without a log line', async () => {
    const client = await servers.start({
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
    expect(servers.logger.of('error')).toEqual([]);
  });

  it('passes on the error of a downstream grpc-js call', async () => {
    const inner = await servers.start({
      handlers: {
        say: async () => {
          const metadata = new Metadata();
          metadata.set('x-why', 'because');
          throw new RpcError(status.FAILED_PRECONDITION, 'not now', metadata);
        },
      },
    });
    const outer = await servers.start({
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
    const client = await servers.start({
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
    const client = await servers.start({
      handlers: {
        say: ({ text }) =>
          Promise.reject(new Error(text === 'long' ? 'x'.repeat(1e6) : 'half \ud800 pair\n%')),
      },
    });
    expect((await say(client, { text: 'long' })).error?.details).toHaveLength(4096);
    expect((await say(client, {})).error?.details).toBe('half \ufffd pair\n%');
  });
});

const unserializable = {
  get text(): string {
    throw new TypeError('no text');
  },
};

describe('a response of a wrong type', () => {
  it('is UNKNOWN, as any bug that must not run twice, and a log line, for messages and for streams', async () => {
    const client = await servers.start({
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
    expect(servers.logger.of('error')).toHaveLength(3);
  });
});
