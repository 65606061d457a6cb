import {
  type Client,
  compressionAlgorithms,
  Metadata,
  type ServiceError,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { currentCallContext, systemClock, systemRandom } from '@micromesh/core';
import { createContextKey, createServer, type HandlerContext, type RunningServer } from '@micromesh/server';
import { afterEach, describe, expect, it } from 'vitest';
import { DynamicEcho, type EchoReply, type EchoRequest, EchoService, plainClient } from './echo.js';
import { FakeRegistry, gate, RecordingLogger, type Setup, say, startEcho, until } from './harness.js';

const open: { close(): unknown }[] = [];

async function start(setup: Setup = {}): Promise<{ running: RunningServer; client: Client }> {
  const running = await startEcho(setup);
  const client = plainClient(running.address);
  open.push(client, { close: () => running.stop() });
  return { running, client };
}

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

function list(client: Client, request: Partial<EchoRequest>, metadata = new Metadata()) {
  return client.makeServerStreamRequest(
    EchoService.list.path,
    EchoService.list.requestSerialize,
    EchoService.list.responseDeserialize,
    request,
    metadata,
  );
}

function chat(client: Client) {
  return client.makeBidiStreamRequest(
    EchoService.chat.path,
    EchoService.chat.requestSerialize,
    EchoService.chat.responseDeserialize,
    new Metadata(),
  );
}

function gather(client: Client, done: (error: ServiceError | null, reply?: EchoReply) => void) {
  return client.makeClientStreamRequest(
    EchoService.gather.path,
    EchoService.gather.requestSerialize,
    EchoService.gather.responseDeserialize,
    new Metadata(),
    done,
  );
}

function ended(call: NodeJS.EventEmitter): Promise<StatusObject> {
  call.on('error', () => {});
  return new Promise((resolve) => call.on('status', resolve));
}

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
    open.push(client, { close: () => running.stop() });
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
    open.push(client, { close: () => running.stop() });
    const payload = Buffer.alloc(100_000, 'a');
    expect((await say(client, { text: 'z', payload })).reply?.payload).toEqual(payload);
  });

  it('meets the 4 MiB limit, and larger messages where options allow them', async () => {
    const payload = Buffer.alloc(5 * 1024 * 1024, 1);
    const { client } = await start();
    expect((await say(client, { payload })).error?.code).toBe(status.RESOURCE_EXHAUSTED);
    const large = await startEcho({ channelOptions: { 'grpc.max_receive_message_length': -1 } });
    const largeClient = plainClient(large.address, { 'grpc.max_receive_message_length': -1 });
    open.push(largeClient, { close: () => large.stop() });
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

describe('a context', () => {
  it('knows peer, method, attempt and deadline', async () => {
    const seen: {
      peer: string;
      path: string;
      attempt: number;
      remainingMs: number;
      deadline: Date | undefined;
    }[] = [];
    const { client } = await start({
      handlers: {
        say: async (_request, { peer, method, attempt, remainingMs, deadline }) => {
          seen.push({ peer, path: method.path, attempt, remainingMs: remainingMs(), deadline });
          return { text: '' };
        },
      },
    });
    const metadata = new Metadata();
    metadata.set('grpc-previous-rpc-attempts', '2');
    await say(client, {}, { metadata, deadlineMs: 5000 });
    await say(client, {});
    expect(seen[0]).toMatchObject({ path: '/echo.v1.Echo/Say', attempt: 3 });
    expect(seen[0]?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(seen[0]?.remainingMs).toBeGreaterThan(4000);
    expect(seen[0]?.remainingMs).toBeLessThanOrEqual(5000);
    expect(seen[0]?.deadline?.getTime()).toBeGreaterThan(Date.now());
    expect(seen[1]).toMatchObject({ attempt: 1, remainingMs: Number.POSITIVE_INFINITY, deadline: undefined });
  });

  it('puts method and peer on each log line', async () => {
    const logger = new RecordingLogger();
    const { client } = await start({
      logger,
      handlers: {
        say: async (_request, { log }) => {
          log.info({ user: 7 }, 'hello');
          return { text: '' };
        },
      },
    });
    await say(client, {});
    const line = logger.lines.find(({ message }) => message === 'hello');
    expect(line?.fields).toMatchObject({ user: 7, method: '/echo.v1.Echo/Say', service: 'echo' });
    expect(line?.fields).toHaveProperty('peer');
  });

  it('carries typed values from interceptors, outermost first', async () => {
    const user = createContextKey('user', 'nobody');
    const order: string[] = [];
    const { client } = await start({
      interceptors: [
        (next) => async (context) => {
          order.push('outer in');
          context.values.set(user, String(context.metadata.get('user')[0]));
          await next(context);
          order.push('outer out');
        },
        (next) => async (context) => {
          order.push('inner in');
          await next(context);
          order.push('inner out');
        },
      ],
      handlers: {
        say: async (_request, { values }) => {
          order.push('handler');
          return { text: values.get(user) };
        },
        list: async function* (_request, { values }) {
          yield { text: values.get(createContextKey('user', 'other key')) };
          order.push('list');
        },
      },
    });
    const metadata = new Metadata();
    metadata.set('user', 'ann');
    expect((await say(client, {}, { metadata })).reply?.text).toBe('ann');
    expect(order).toEqual(['outer in', 'inner in', 'handler', 'inner out', 'outer out']);
    order.length = 0;
    const texts: string[] = [];
    for await (const { text } of list(client, {}, metadata)) texts.push(text);
    expect(texts).toEqual(['other key']);
    await until(() => order.at(-1) === 'outer out');
  });

  it('tells the caller when an interceptor refuses, swallows or repeats', async () => {
    const { RpcError } = await import('@micromesh/server');
    const modes: Record<string, (next: () => Promise<void>) => Promise<void>> = {
      refuse: () => Promise.reject(new RpcError(status.PERMISSION_DENIED, 'no')),
      swallow: () => Promise.resolve(),
      repeat: async (next) => {
        await next();
        await next();
      },
    };
    let handled = 0;
    const { client } = await start({
      interceptors: [
        (next) => (context) => {
          const mode = modes[String(context.metadata.get('mode')[0])];
          return mode === undefined ? next(context) : mode(() => next(context));
        },
      ],
      handlers: {
        say: async () => {
          handled++;
          return { text: '' };
        },
      },
    });
    const codes: (number | undefined)[] = [];
    for (const mode of ['refuse', 'swallow', 'repeat', 'none']) {
      const metadata = new Metadata();
      metadata.set('mode', mode);
      codes.push((await say(client, {}, { metadata })).error?.code);
    }
    expect(codes).toEqual([status.PERMISSION_DENIED, status.INTERNAL, status.INTERNAL, undefined]);
    expect(handled).toBe(2);
  });
});

describe('cancellation and deadlines', () => {
  it("abort the handler's signal, which what it calls inherits", async () => {
    const seen = gate<HandlerContext>();
    const aborted = gate<unknown>();
    const { client } = await start({
      handlers: {
        say: async (_request, context) => {
          seen.open(context);
          const inherited = currentCallContext();
          expect(inherited?.signal).toBe(context.signal);
          await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
          aborted.open(context.signal.reason);
          await expect(context.stillWanted()).rejects.toMatchObject({ code: status.CANCELLED });
          throw context.signal.reason;
        },
      },
    });
    const call = client.makeUnaryRequest(
      EchoService.say.path,
      EchoService.say.requestSerialize,
      EchoService.say.responseDeserialize,
      {},
      () => {},
    );
    expect((await seen.opened).signal.aborted).toBe(false);
    call.cancel();
    expect(await aborted.opened).toMatchObject({ code: status.CANCELLED, message: 'the caller has gone' });
  });

  it('end a handler that never settles at the deadline, with DEADLINE_EXCEEDED', async () => {
    const reason = gate<unknown>();
    const { client } = await start({
      handlers: {
        say: (_request, { signal }) => {
          signal.addEventListener('abort', () => reason.open(signal.reason));
          return new Promise(() => {});
        },
      },
    });
    const { error } = await say(client, {}, { deadlineMs: 500 });
    expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
    // A client that is a little early cancels before the server's own timer fires.
    expect([status.DEADLINE_EXCEEDED, status.CANCELLED]).toContain(
      Reflect.get(Object(await reason.opened), 'code'),
    );
  });

  it('do not touch the signal of a call that ended well', async () => {
    const contexts: HandlerContext[] = [];
    const { client } = await start({
      handlers: {
        say: async (_request, context) => {
          contexts.push(context);
          expect(context.signal.aborted).toBe(false);
          return { text: '' };
        },
        list: async function* (_request, context) {
          contexts.push(context);
          expect(context.signal.aborted).toBe(false);
          yield { text: '' };
        },
      },
    });
    await say(client, {});
    for await (const _ of list(client, {}));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(contexts.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  });

  it('end the requests of a stream with an error', async () => {
    const failure = gate<unknown>();
    const started = gate();
    const { client } = await start({
      handlers: {
        gather: async (requests) => {
          try {
            for await (const _ of requests) started.open();
          } catch (error) {
            failure.open(error);
          }
          return { text: '' };
        },
      },
    });
    const requests = gather(client, () => {});
    requests.write({ text: 'a' });
    await started.opened;
    requests.cancel();
    expect(await failure.opened).toMatchObject({ code: status.CANCELLED });
  });

  it('close the stream of responses, also while it waits for the caller to read', async () => {
    const closed = gate<string>();
    const payload = Buffer.alloc(64 * 1024);
    const { client, running } = await start({
      handlers: {
        list: async function* () {
          try {
            for (;;) yield { text: '', payload };
          } finally {
            closed.open('closed');
          }
        },
      },
    });
    const call = list(client, {});
    call.on('error', () => {});
    await new Promise((resolve) => call.once('readable', resolve));
    call.cancel();
    expect(await closed.opened).toBe('closed');
    await running.stop();
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
  }, 20_000);
});
