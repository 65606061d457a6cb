import { afterEach, describe, expect, it } from 'vitest';
import { createTestMesh, type TestMesh } from './test-mesh.js';

const text = {
  requestSerialize: (value: string) => Buffer.from(value),
  requestDeserialize: (bytes: Buffer) => bytes.toString(),
  responseSerialize: (value: string) => Buffer.from(value),
  responseDeserialize: (bytes: Buffer) => bytes.toString(),
};
const HelloService = {
  anything: { path: '/hello.v1.Hello/Anything', requestStream: false, responseStream: false, ...text },
  chat: { path: '/hello.v1.Hello/Chat', requestStream: true, responseStream: true, ...text },
} as const;
const Unary = { anything: HelloService.anything };
const handlers = { anything: async (name: string) => `Hello ${name}` };

let open: TestMesh | undefined;
function world(options: Parameters<typeof createTestMesh>[0] = {}): TestMesh {
  open = createTestMesh(options);
  return open;
}
afterEach(async () => {
  await open?.close();
  expect(open?.clock.pendingTimers ?? 0).toBe(0);
  open = undefined;
});

describe('a test mesh', () => {
  it('shows a failover, attempt by attempt, without real time', async () => {
    const test = world({ defaults: { strategy: 'round-robin' } });
    test.addNode('hello').serve(Unary, handlers).script({ kind: 'drop' });
    test.addNode('hello').serve(Unary, handlers);
    const hello = test.mesh.client(Unary, { service: 'hello' });
    expect(await hello.anything('xuxu')).toBe('Hello xuxu');
    expect(test.attempts.map(({ nodeId }) => nodeId)).toEqual(['hello-1', 'hello-2']);
  });

  it('answers UNIMPLEMENTED for what a node does not serve, also a conversation that has not begun', async () => {
    const test = world();
    test.addNode('hello').serve(Unary, handlers);
    const hello = test.mesh.client(HelloService, { service: 'hello' });
    async function* nothing(): AsyncGenerator<string> {
      await new Promise(() => {});
      yield '';
    }
    await expect(hello.chat(nothing())[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 12,
      details: 'hello-1 serves no /hello.v1.Hello/Chat',
    });
  });

  it('fails calls to a service without nodes at once, as a registry that knows it to be empty', async () => {
    const test = world();
    const hello = test.mesh.client(Unary, { service: 'hello' });
    await expect(hello.anything('x')).rejects.toMatchObject({ code: 14, reason: 'noNode' });
    test.addNode('hello').serve(Unary, handlers);
    expect(await hello.anything('x')).toBe('Hello x');
  });

  it('tells an unknown registry from an empty one', async () => {
    const test = world();
    test.failRegistry('hello');
    const hello = test.mesh.client(Unary, { service: 'hello', timeoutMs: 100 });
    const call = hello.anything('x');
    const failed = expect(call).rejects.toMatchObject({ reason: 'registryUnknown' });
    await test.advance(100);
    await failed;
  });

  it('refuses to start servers, and says what serves in their place', async () => {
    const test = world();
    expect(() => test.mesh.server('hello')).toThrow(
      'mesh.server: "hello" cannot be started in a test mesh, which has no sockets; ' +
        "serve the same handlers by world.addNode('hello').serve(definition, handlers)",
    );
  });

  it('closes while calls wait, handlers work and nodes are frozen, and takes no time for it', async () => {
    const test = world();
    const aborted: string[] = [];
    const node = test.addNode('hello').serve(HelloService, {
      anything: (name, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted.push(name);
            reject(signal.reason);
          });
        }),
      chat: async function* (requests) {
        try {
          for await (const request of requests) yield request;
        } finally {
          aborted.push('chat');
        }
      },
    });
    test.addNode('slow').serve(Unary, handlers, 1000);
    test.addNode('silent').script({ kind: 'silence' });
    test.failRegistry('unknown');
    const call = (service: string, name: string) => test.mesh.client(Unary, { service }).anything(name);
    const talk = test.mesh.client(HelloService, { service: 'hello' }).chat(
      (async function* () {
        yield 'one';
        await new Promise(() => {});
      })(),
    );
    const answers = talk[Symbol.asyncIterator]();
    expect(await answers.next()).toMatchObject({ value: 'one' });
    const before = call('hello', 'before');
    await test.clock.settle();
    node.freeze();
    const calls = [before, call('hello', 'in the freeze'), call('slow', 'x'), call('silent', 'x')];
    const all = Promise.allSettled([...calls, call('unknown', 'x'), answers.next()]);
    await test.clock.settle();
    await test.close();
    for (const result of await all) {
      expect(result).toMatchObject({ status: 'rejected', reason: { reason: 'closed' } });
    }
    expect(aborted.sort()).toEqual(['before', 'chat']);
    expect(test.clock.now()).toBe(0);
    await test.close();
  });

  it('refuses ids that are taken or unknown, facts and options that there are not', () => {
    const test = world();
    test.addNode('hello', 'a');
    expect(() => test.addNode('user', 'a')).toThrow('addNode id: "a" is taken');
    const own = { wieght: 2 };
    expect(() => test.addNode('hello', 'b', { ...own, weight: 2 })).toThrow('did you mean weight?');
    expect(() => test.removeNode('hello', 'b')).toThrow('removeNode id: "b" is no node of hello');
    const options = { clock: test.clock, seed: 2 };
    expect(() => createTestMesh(options)).toThrow('createTestMesh: "clock"');
  });

  it('gives a node that comes after one has left an id of its own', () => {
    const test = world();
    test.addNode('hello');
    test.addNode('hello');
    test.removeNode('hello', 'hello-1');
    expect(test.addNode('hello').id).toBe('hello-3');
  });
});

describe('a scripted reply', () => {
  it('of a kind or with a field that there is not is refused', () => {
    const node = world().addNode('hello');
    // @ts-expect-error no such kind
    expect(() => node.script({ kind: 'dropp' })).toThrow(
      'script[0].kind: "dropp" is no kind of reply; did you mean drop?',
    );
    // @ts-expect-error no kind
    expect(() => node.script({})).toThrow('give answer or status or drop or refuse or silence');
    // @ts-expect-error a kind alone
    expect(() => node.script({ kind: 'refuse' }, 'drop')).toThrow('script[1]: "drop" is no reply');
    // @ts-expect-error no such field
    expect(() => node.script({ kind: 'drop', afterMS: 5 })).toThrow('did you mean afterMs?');
    // @ts-expect-error no code
    expect(() => node.script({ kind: 'status' })).toThrow('script[0].code: undefined is not an integer');
    // @ts-expect-error messages, not bytes
    expect(() => node.script({ kind: 'answer', messages: [{ msg: '' }] })).toThrow('is no Buffer');
    // @ts-expect-error no messages
    expect(() => node.script({ kind: 'answer' })).toThrow('script[0].messages: undefined is no list');
    expect(() => node.script({ kind: 'status', code: 0 })).toThrow("take kind: 'answer'");
    expect(() => node.script({ kind: 'drop', afterMs: -1 })).toThrow('script[0].afterMs: -1 is out of range');
  });

  it('comes in its time, once each, before the node serves', async () => {
    const test = world({ defaults: { retries: 0 } });
    const node = test.addNode('hello').serve(Unary, handlers);
    node.script({ kind: 'refuse' }, { kind: 'status', code: 5, details: 'no', afterMs: 20 });
    const hello = test.mesh.client(Unary, { service: 'hello' });
    await expect(hello.anything('x')).rejects.toMatchObject({ reason: 'refused' });
    const refused = expect(hello.anything('x')).rejects.toMatchObject({ code: 5, details: 'no' });
    await test.advance(20);
    await refused;
    expect(await hello.anything('x')).toBe('Hello x');
  });

  it('reaches a conversation whose client waits for an answer', async () => {
    const test = world({ defaults: { retries: 0 } });
    test
      .addNode('hello')
      .serve({ chat: HelloService.chat }, { chat: (requests) => requests })
      .script({ kind: 'drop' });
    const hello = test.mesh.client({ chat: HelloService.chat }, { service: 'hello' });
    async function* one(): AsyncGenerator<string> {
      yield 'one';
      await new Promise(() => {});
    }
    await expect(hello.chat(one())[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      reason: 'dropped',
    });
  });

  it('of two messages where one is due is told, not waited for', async () => {
    const test = world({ defaults: { retries: 0 } });
    const messages = [Buffer.from('a'), Buffer.from('b')];
    test.addNode('hello').serve(Unary, handlers).script({ kind: 'answer', messages });
    await expect(test.mesh.client(Unary, { service: 'hello' }).anything('x')).rejects.toMatchObject({
      details: 'the script answers /hello.v1.Hello/Anything with 2 messages; it takes one',
    });
  });
});
