import type { Client } from '@grpc/grpc-js';
import { type AbandonedEvent, events } from '@micromesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EchoService } from './echo.js';
import { until } from './harness.js';
import { WatchedServers } from './watched-servers.js';

const servers = new WatchedServers();
beforeEach(() => servers.begin());
afterEach(() => servers.end());

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
    const client = await servers.start({
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
    expect(servers.logger.of('error')).toEqual([]);
    off();
  });

  it('is still an error in the log when it has a bug', async () => {
    let inside = false;
    const client = await servers.start({
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
    await until(() => servers.logger.of('error').length === 1);
  });
});
