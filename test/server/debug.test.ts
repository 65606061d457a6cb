import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { type ServiceReport, systemClock, systemRandom } from '@micromesh/core';
import { createServer, DebugClient, type ListNodesReply, type StartOptions } from '@micromesh/server';
import { afterEach, describe, expect, it } from 'vitest';
import { EchoService } from './echo.js';
import { echoHandlers, FakeRegistry, RecordingLogger } from './harness.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const REPORT: readonly ServiceReport[] = [
  {
    service: { name: 'hello' },
    nodes: [
      { id: 'a', address: '127.0.0.1:1', state: 'ready', cause: '', untilMs: undefined },
      { id: 'b', address: '127.0.0.1:2', state: 'ejected', cause: 'by anna', untilMs: 1_800_000_000_000 },
    ],
  },
  { service: { name: 'hello', datacenter: 'dc2' }, nodes: [] },
];

async function start(options: StartOptions): Promise<DebugClient> {
  const running = await createServer({
    service: 'echo',
    registry: new FakeRegistry(),
    logger: new RecordingLogger(),
    clock: systemClock,
    random: systemRandom,
    callReport: () => REPORT,
  })
    .add(EchoService, echoHandlers)
    .use(() => async () => {
      throw new Error('an interceptor that lets nobody through');
    })
    .start({ drain: { lameDuckMs: 0, graceMs: 0 }, ...options });
  const client = new DebugClient(running.address, credentials.createInsecure());
  open.push(client, { close: () => running.stop() });
  return client;
}

function list(client: DebugClient, service = ''): Promise<ListNodesReply> {
  return new Promise((resolve, reject) =>
    client.listNodes({ service }, (error: ServiceError | null, reply) =>
      error === null ? resolve(reply) : reject(error),
    ),
  );
}

describe('the debug service', () => {
  it('tells callers on the same machine which nodes the process sees, past the interceptors', async () => {
    const { services } = await list(await start({}));
    expect(services).toMatchObject([
      {
        service: 'hello',
        nodes: [
          { id: 'a', address: '127.0.0.1:1', state: 'ready', cause: '' },
          { id: 'b', state: 'ejected', cause: 'by anna', untilMs: 1_800_000_000_000n },
        ],
      },
      { service: 'hello?dc=dc2', nodes: [] },
    ]);
    expect(services[0]?.nodes[0]?.untilMs).toBeUndefined();
  });

  it('can be asked for one service', async () => {
    const client = await start({ debug: true });
    const named = async (service: string) =>
      (await list(client, service)).services.map((each) => each.service);
    expect(await named('hello?dc=dc2')).toEqual(['hello?dc=dc2']);
    expect(await named('user')).toEqual([]);
  });

  it('answers on a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'micromesh-debug-'));
    const client = await start({ listen: `unix:${join(folder, 'echo.sock')}`, check: 'ttl' });
    open.push({ close: () => rmSync(folder, { recursive: true }) });
    expect((await list(client)).services).toHaveLength(2);
  });

  it('can be left out', async () => {
    await expect(list(await start({ debug: false }))).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  });
});
