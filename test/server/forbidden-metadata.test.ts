import { Metadata, status } from '@grpc/grpc-js';
import { RpcError } from '@micromesh/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { say } from './harness.js';
import { streamStatus, WatchedServers } from './watched-servers.js';

const servers = new WatchedServers();
beforeEach(() => servers.begin());
afterEach(() => servers.end());

describe('a handler that fails', () => {
  it('may set headers and trailers that HTTP/2 forbids: they are left out and logged', async () => {
    const client = await servers.start({
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
    expect(servers.logger.of('warn')).toHaveLength(2);
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
    const client = await servers.start({
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
    expect(servers.logger.of('warn').map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ names: [name] }),
      expect.objectContaining({ names: [name] }),
    ]);
  });

  it('may repeat what HTTP/2 takes one value of: the last is sent, and it is logged', async () => {
    const client = await servers.start({
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
    expect(servers.logger.of('warn')).toHaveLength(3);
  });
});
