import { compressionAlgorithms, Metadata, status } from '@grpc/grpc-js';
import { systemClock, systemRandom } from '@micromesh/core';
import { createServer } from '@micromesh/server';
import { afterEach, describe, expect, it } from 'vitest';
import { DynamicEcho, type EchoRequest, plainClient } from './echo.js';
import { chat, closeAfterTest, closeAll, ended, gather, list, start } from './echo-calls.js';
import { FakeRegistry, gate, RecordingLogger, say, startEcho } from './harness.js';

afterEach(closeAll);

describe('a plain grpc-js client', () => {
  it('is served with all four kinds of call', async () => {
    const { client } = await start();
    expect((await say(client, { text: 'a' })).reply?.text).toBe('a');

    const gathered = gate<string | undefined>();
    const requests = gather(client, (error, reply) => gathered.open(error?.message ?? reply?.text));
    for (const text of ['a', 'b', 'c']) requests.write({ text });
    requests.end();
    expect(await gathered.opened).toBe('a,b,c');

    const listed: string[] = [];
    for await (const reply of list(client, { text: 'x', count: 3 })) listed.push(reply.text);
    expect(listed).toEqual(['x0', 'x1', 'x2']);

    const talk = chat(client);
    const first = new Promise((resolve) => talk.once('data', resolve));
    talk.write({ text: 'ping' });
    expect(await first).toMatchObject({ text: 'ping' });
    const last = new Promise((resolve) => talk.once('data', resolve));
    talk.write({ text: 'pong' });
    talk.end();
    expect(await last).toMatchObject({ text: 'pong' });
    expect((await ended(talk)).code).toBe(status.OK);
  });

  it("is served through proto-loader's own definition", async () => {
    const running = await createServer({
      service: 'echo',
      registry: new FakeRegistry(),
      logger: new RecordingLogger(),
      clock: systemClock,
      random: systemRandom,
    })
      .add(DynamicEcho, {
        Say: async (request: EchoRequest) => ({ text: request.text }),
        Gather: async () => ({ text: '' }),
        List: async function* () {},
        Chat: async function* () {},
      })
      .start({ drain: { lameDuckMs: 0 } });
    const client = plainClient(running.address);
    closeAfterTest(client, { close: () => running.stop() });
    expect((await say(client, { text: 'loose' })).reply?.text).toBe('loose');
  });

  it('gets headers and trailers, and the handler its metadata', async () => {
    const { client } = await start({
      handlers: {
        say: async (_request, { metadata, header, trailer }) => {
          header.set('x-header', 'h');
          trailer.set('x-trailer-bin', Buffer.from([1, 2]));
          return { text: String(metadata.get('x-in')[0]) };
        },
      },
    });
    const metadata = new Metadata();
    metadata.set('x-in', 'in');
    const answer = await say(client, { text: '' }, { metadata });
    expect(answer.reply?.text).toBe('in');
    expect(answer.header?.get('x-header')).toEqual(['h']);
    expect(answer.status.metadata.get('x-trailer-bin')).toEqual([Buffer.from([1, 2])]);
  });

  it('gets headers before the first message when the handler sends them', async () => {
    const go = gate();
    const { client } = await start({
      handlers: {
        list: async function* (_request, { header, sendHeader }) {
          header.set('x-early', '1');
          sendHeader();
          await go.opened;
          yield { text: 'late' };
        },
      },
    });
    const call = list(client, { text: '' });
    const header = await new Promise<Metadata>((resolve) => call.on('metadata', resolve));
    expect(header.get('x-early')).toEqual(['1']);
    go.open();
    const texts: string[] = [];
    for await (const reply of call) texts.push(reply.text);
    expect(texts).toEqual(['late']);
  });

  it('gets headers and trailers of a stream without messages', async () => {
    const { client } = await start({
      handlers: {
        // biome-ignore lint/correctness/useYield: a stream without messages
        list: async function* (_request, { header, trailer }) {
          header.set('x-header', 'h');
          trailer.set('x-trailer', 't');
        },
      },
    });
    const call = list(client, {});
    const header = new Promise<Metadata>((resolve) => call.on('metadata', resolve));
    call.resume();
    expect((await ended(call)).metadata.get('x-trailer')).toEqual(['t']);
    expect((await header).get('x-header')).toEqual(['h']);
  });

  it('may compress its requests', async () => {
    const running = await startEcho();
    const client = plainClient(running.address, {
      'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
    });
    closeAfterTest(client, { close: () => running.stop() });
    const payload = Buffer.alloc(100_000, 'a');
    expect((await say(client, { text: 'z', payload })).reply?.payload).toEqual(payload);
  });

  it('meets the 4 MiB limit, and larger messages where options allow them', async () => {
    const payload = Buffer.alloc(5 * 1024 * 1024, 1);
    const { client } = await start();
    expect((await say(client, { payload })).error?.code).toBe(status.RESOURCE_EXHAUSTED);
    const large = await startEcho({ channelOptions: { 'grpc.max_receive_message_length': -1 } });
    const largeClient = plainClient(large.address, { 'grpc.max_receive_message_length': -1 });
    closeAfterTest(largeClient, { close: () => large.stop() });
    expect((await say(largeClient, { payload })).reply?.payload?.length).toBe(payload.length);
  });

  it('is answered UNIMPLEMENTED for a method that is not there', async () => {
    const { client } = await start();
    const code = await new Promise((resolve) =>
      client.makeUnaryRequest(
        '/echo.v1.Echo/Nothing',
        (bytes: Buffer) => bytes,
        (bytes) => bytes,
        Buffer.alloc(0),
        (error) => resolve(error?.code),
      ),
    );
    expect(code).toBe(status.UNIMPLEMENTED);
  });

  it('is held back while its requests are not read, and holds back responses that it does not read', async () => {
    let produced = 0;
    const payload = Buffer.alloc(64 * 1024);
    const { client } = await start({
      handlers: {
        list: async function* () {
          for (; produced < 2000; produced++) yield { text: '', payload };
        },
        gather: async (_requests, { signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          return { text: '' };
        },
      },
    });
    const call = list(client, {});
    call.on('error', () => {});
    await call[Symbol.asyncIterator]().next();
    let last = -1;
    for (let quiet = 0; quiet < 20; quiet = produced === last ? quiet + 1 : 0) {
      last = produced;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(produced).toBeLessThan(200);
    call.cancel();

    const requests = gather(client, () => {});
    let written = 0;
    while (requests.write({ text: '', payload }) && written < 2000) written++;
    await new Promise((resolve) => setTimeout(resolve, 50));
    let drained = false;
    requests.once('drain', () => {
      drained = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(written).toBeLessThan(200);
    requests.cancel();
    expect(drained).toBe(false);
  });
});

describe('streams', () => {
  it('answer before all requests are read, and leave a loop early without harm', async () => {
    const { client } = await start({
      handlers: {
        gather: async (requests) => {
          for await (const { text } of requests) return { text };
          return { text: 'none' };
        },
        chat: async function* (requests) {
          for await (const { text } of requests) {
            yield { text: `first ${text}` };
            break;
          }
          for await (const { text } of requests) yield { text: `then ${text}` };
        },
      },
    });
    const gathered = gate<string | undefined>();
    const requests = gather(client, (error, reply) => gathered.open(error?.message ?? reply?.text));
    requests.write({ text: 'a' });
    requests.write({ text: 'b' });
    expect(await gathered.opened).toBe('a');

    const talk = chat(client);
    const texts: string[] = [];
    talk.on('data', ({ text }) => texts.push(text));
    for (const text of ['a', 'b', 'c']) talk.write({ text });
    talk.end();
    expect((await ended(talk)).code).toBe(status.OK);
    expect(texts).toEqual(['first a', 'then b', 'then c']);
  });

  it('keep order and lose nothing over 5,000 messages', async () => {
    const { client } = await start();
    const expected = Array.from({ length: 5000 }, (_, index) => String(index));
    const listed: string[] = [];
    for await (const { text } of list(client, { text: '', count: 5000 })) listed.push(text);
    expect(listed).toEqual(expected);

    const gathered = gate<string | undefined>();
    const requests = gather(client, (error, reply) => gathered.open(error?.message ?? reply?.text));
    for (const text of expected) {
      if (!requests.write({ text })) await new Promise((resolve) => requests.once('drain', resolve));
    }
    requests.end();
    expect((await gathered.opened)?.split(',')).toEqual(expected);
  });
});
