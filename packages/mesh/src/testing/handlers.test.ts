import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { currentCallContext, type Logger, type ServiceDefinition } from '@micromesh/core';
import { type HandlerContext, RpcError } from '@micromesh/server';
import { afterEach, describe, expect, it } from 'vitest';
import { type Ask, HelloService } from './hello-definition.js';
import { createTestMesh, type TestMesh } from './test-mesh.js';

const Unary = { anything: HelloService.anything };
const Chat = { chat: HelloService.chat };
const List = { list: HelloService.list };

let open: TestMesh | undefined;
function world(logger?: Logger): TestMesh {
  open = createTestMesh({
    defaults: { retries: 0, strategy: 'round-robin' },
    ...(logger === undefined ? {} : { logger }),
  });
  return open;
}
afterEach(async () => {
  await open?.close();
  // Whatever a test did: no timer is left, of the mesh or of a script.
  expect(open?.clock.pendingTimers).toBe(0);
  open = undefined;
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('handlers of a test node', () => {
  it('are those of a server: awaited, iterated, of all four kinds', async () => {
    const test = world();
    test.addNode('hello').serve(HelloService, {
      anything: async ({ name }) => ({ msg: `Hello ${name}` }),
      list: async function* ({ name }) {
        for (let number = 1; number <= 3; number++) yield { msg: `${name} ${number}` };
      },
      collect: async (requests) => {
        let count = 0;
        for await (const _ of requests) count++;
        return { msg: `${count} asked` };
      },
      chat: async function* (requests) {
        for await (const { name } of requests) yield { msg: `Hello ${name}` };
      },
    });
    const hello = test.mesh.client(HelloService, { service: 'hello' });
    const names = [{ name: 'a' }, { name: 'b' }];
    expect(await hello.anything({ name: 'xuxu' })).toEqual({ msg: 'Hello xuxu' });
    expect(await all(hello.list({ name: 'x' }))).toEqual([{ msg: 'x 1' }, { msg: 'x 2' }, { msg: 'x 3' }]);
    expect(await hello.collect(names)).toEqual({ msg: '2 asked' });
    expect(await all(hello.chat(names))).toEqual([{ msg: 'Hello a' }, { msg: 'Hello b' }]);
  });

  it('may answer without a promise, and a stream by an array', async () => {
    const test = world();
    test.addNode('hello').serve(HelloService, {
      anything: ({ name }) => ({ msg: `Hello ${name}` }),
      list: ({ name }) => [{ msg: name }, { msg: name }],
      collect: () => ({ msg: 'none was read' }),
      chat: () => [],
    });
    const hello = test.mesh.client(HelloService, { service: 'hello' });
    expect(await hello.anything({ name: 'xuxu' })).toEqual({ msg: 'Hello xuxu' });
    expect(await all(hello.list({ name: 'x' }))).toEqual([{ msg: 'x' }, { msg: 'x' }]);
    expect(await hello.collect([])).toEqual({ msg: 'none was read' });
    expect(await all(hello.chat([]))).toEqual([]);
  });

  it('answer a conversation turn by turn', async () => {
    const test = world();
    test.addNode('hello').serve(Chat, {
      chat: async function* (requests) {
        for await (const { name } of requests) yield { msg: `${name}!` };
      },
    });
    const hello = test.mesh.client(Chat, { service: 'hello' });
    let tell = (_: Ask | undefined) => {};
    async function* questions(): AsyncGenerator<Ask> {
      for (;;) {
        const next = await new Promise<Ask | undefined>((resolve) => {
          tell = resolve;
        });
        if (next === undefined) return;
        yield next;
      }
    }
    const answers = hello.chat(questions())[Symbol.asyncIterator]();
    for (const name of ['a', 'b']) {
      const answer = answers.next();
      await test.clock.settle();
      tell({ name });
      expect(await answer).toEqual({ done: false, value: { msg: `${name}!` } });
    }
    const end = answers.next();
    await test.clock.settle();
    tell(undefined);
    expect(await end).toMatchObject({ done: true });
  });

  it('have a context as on a server', async () => {
    const test = world();
    let seen: HandlerContext | undefined;
    test.addNode('hello').serve(Unary, {
      anything: async ({ name }, context) => {
        seen = context;
        context.header.set('says', 'header');
        context.trailer.set('says', 'trailer');
        await context.stillWanted();
        return { msg: `${name} ${context.attempt} ${context.remainingMs()}` };
      },
    });
    const hello = test.mesh.client(Unary, { service: 'hello' });
    const metadata = new Metadata();
    metadata.set('who', 'me');
    const heard: string[] = [];
    const hear = (given: Metadata) => void heard.push(String(given.get('says')[0]));
    const answer = hello.anything(
      { name: 'x' },
      { timeoutMs: 700, metadata, onHeader: hear, onTrailer: hear },
    );
    expect(await answer).toEqual({ msg: 'x 1 700' });
    expect(heard).toEqual(['header', 'trailer']);
    expect(seen?.metadata.get('who')).toEqual(['me']);
    expect(seen?.metadata.get('grpc-timeout')).toEqual([]);
    expect(seen?.deadline?.getTime()).toBe(test.clock.wallNow() + 700);
    expect(seen?.signal.aborted).toBe(false);
  });

  it('answer with the status of an RpcError, and UNKNOWN for what else they throw, early or late', async () => {
    const lines: string[] = [];
    const line = (_: object, message: string) => void lines.push(message);
    const test = world({ debug: line, info: line, warn: line, error: line });
    test.addNode('hello').serve(HelloService, {
      anything: async ({ name }) => {
        if (name === 'nobody') throw new RpcError(status.NOT_FOUND, 'no such name');
        throw new Error('bug');
      },
      list: async function* () {
        yield { msg: 'one' };
        throw new Error('half-way');
      },
      collect: () => {
        throw new Error('at once');
      },
      // @ts-expect-error what is no stream of responses
      chat: () => 5,
    });
    const hello = test.mesh.client(HelloService, { service: 'hello' });
    await expect(hello.anything({ name: 'nobody' })).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: 'no such name',
    });
    await expect(hello.anything({ name: 'x' })).rejects.toMatchObject({ code: 2, details: 'bug' });
    await expect(all(hello.list({ name: 'x' }))).rejects.toMatchObject({ code: 2, details: 'half-way' });
    await expect(hello.collect([])).rejects.toMatchObject({ code: 2, details: 'at once' });
    await expect(all(hello.chat([]))).rejects.toMatchObject({ code: 2 });
    await expect(hello.anything({ name: 'unreadable' })).rejects.toMatchObject({
      code: status.INTERNAL,
      details: 'Error deserializing request: not in this tongue',
    });
    await expect(all(hello.chat([{ name: 'unreadable' }]))).rejects.toMatchObject({
      code: expect.any(Number),
    });
    expect(lines.filter((text) => text.includes('answered UNKNOWN')).length).toBeGreaterThan(2);
  });

  it('that are missing, misspelt or no function are refused by type and by name', () => {
    const node = world().addNode('hello');
    const streams = { list: () => [], collect: () => ({ msg: '' }), chat: () => [] };
    const anything = () => ({ msg: '' });
    // @ts-expect-error no handler for `anything`
    expect(() => node.serve(HelloService, streams)).toThrow('"anything" has no handler');
    const misspelt = { ...streams, anything, anithing: anything };
    // @ts-expect-error no method of that name
    expect(() => node.serve(HelloService, misspelt)).toThrow(
      '"anithing" is no method; did you mean anything?',
    );
    // @ts-expect-error no function
    expect(() => node.serve(Unary, { anything: { msg: '' } })).toThrow('"anything" is no function');
    // @ts-expect-error a response of another type
    node.serve(Unary, { anything: async () => ({ message: '' }) });
    expect(() => node.serve(Unary, { anything }, -1)).toThrow('serve afterMs: -1 is out of range');
  });

  it('take proto-loader definitions, whose types tell no kind', async () => {
    const test = world();
    const dynamic: ServiceDefinition = { List: HelloService.list };
    test.addNode('hello').serve(dynamic, { List: () => [{ msg: 'dynamic' }] });
    const hello = test.mesh.client(List, { service: 'hello' });
    expect(await all(hello.list({ name: 'x' }))).toEqual([{ msg: 'dynamic' }]);
  });

  it('inherit the deadline to what they call, and nothing that is ambient where they are called', async () => {
    const test = world();
    test.addNode('hello').script({ kind: 'status', code: status.INTERNAL });
    test.addNode('hello').serve(Unary, {
      anything: (_, { remainingMs, attempt }) => ({ msg: `${remainingMs()} ms left, attempt ${attempt}` }),
    });
    const hello = test.mesh.client(Unary, { service: 'hello', retries: 1 });
    test.addNode('user').serve(List, {
      list: async function* () {
        yield await hello.anything({ name: 'x' });
      },
    });
    const user = test.mesh.client(List, { service: 'user' });
    const answers = test.mesh.with({ retries: 0 }, () => all(user.list({ name: 'x' }, { timeoutMs: 300 })));
    expect(await answers).toEqual([{ msg: '300 ms left, attempt 2' }]);
  });

  it('leave nothing of theirs to the callbacks of a stub', async () => {
    const test = world();
    const own = new AsyncLocalStorage<string>();
    test.addNode('hello').serve(Chat, {
      chat: async function* (requests) {
        own.enterWith("the handler's");
        for await (const { name } of requests) yield { msg: name };
      },
    });
    const channel = test.mesh.channel('hello', { definitions: [Chat] });
    const stub = new Client('hello', credentials.createInsecure(), { channelOverride: channel });
    const { path, requestSerialize, responseDeserialize } = Chat.chat;
    const call = stub.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const seen: unknown[] = [];
    const look = () => void seen.push(own.getStore() ?? currentCallContext());
    for (let number = 1; number <= 20; number++) call.write({ name: `${number}` }, look);
    call.on('data', look);
    call.end();
    await once(call, 'end');
    expect(seen).toEqual(Array.from({ length: 40 }, () => undefined));
    stub.close();
  });
});
