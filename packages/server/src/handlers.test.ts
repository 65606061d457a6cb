import type { ServiceDefinition as GrpcServiceDefinition } from '@grpc/grpc-js';
import { silentLogger, systemClock, systemRandom } from '@micromesh/core';
import type { Registry } from '@micromesh/registry';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { HandlerContext } from './handler-context.js';
import type { HandlerOf, Handlers } from './handlers.js';
import { createServer } from './server-builder.js';

interface Ask {
  name: string;
}
interface Answer {
  msg: string;
}

function method<S extends boolean, R extends boolean>(path: string, requestStream: S, responseStream: R) {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: (value: Ask): Buffer => Buffer.from(value.name),
    requestDeserialize: (bytes: Buffer): Ask => ({ name: bytes.toString() }),
    responseSerialize: (value: Answer): Buffer => Buffer.from(value.msg),
    responseDeserialize: (bytes: Buffer): Answer => ({ msg: bytes.toString() }),
  };
}

const Hello = {
  anything: method('/hello.v1.Hello/Anything', false, false),
  gather: method('/hello.v1.Hello/Gather', true, false),
  list: method('/hello.v1.Hello/List', false, true),
  chat: method('/hello.v1.Hello/Chat', true, true),
} as const;

const registry: Registry = {
  description: 'none',
  register: () => Promise.reject(new Error('no registry')),
  watch: () => {
    throw new Error('no registry');
  },
  services: () => Promise.resolve([]),
  close: () => Promise.resolve(),
};

function server() {
  return createServer({
    service: 'hello',
    registry,
    logger: silentLogger,
    clock: systemClock,
    random: systemRandom,
  });
}

const good: Handlers<typeof Hello> = {
  anything: async (request) => ({ msg: request.name }),
  gather: async (requests) => {
    let msg = '';
    for await (const request of requests) msg += request.name;
    return { msg };
  },
  list: async function* (request) {
    yield { msg: request.name };
  },
  chat: async function* (requests) {
    for await (const request of requests) yield { msg: request.name };
  },
};

describe('handler types', () => {
  it('give each kind its shape', () => {
    type H = Handlers<typeof Hello>;
    expectTypeOf<Parameters<H['anything']>>().toEqualTypeOf<[request: Ask, context: HandlerContext]>();
    expectTypeOf<Parameters<H['chat']>[0]>().toEqualTypeOf<AsyncIterable<Ask>>();
    expectTypeOf<ReturnType<H['list']>>().toEqualTypeOf<AsyncIterable<Answer>>();
    expectTypeOf<ReturnType<H['gather']>>().toEqualTypeOf<Promise<Answer> | Answer>();
  });

  it('are inferred in the place where handlers are given', () => {
    server().add(Hello, {
      anything: async (request, context) => {
        expectTypeOf(request).toEqualTypeOf<Ask>();
        expectTypeOf(context).toEqualTypeOf<HandlerContext>();
        return { msg: request.name };
      },
      gather: async (requests) => {
        expectTypeOf(requests).toEqualTypeOf<AsyncIterable<Ask>>();
        return { msg: '' };
      },
      list: good.list,
      chat: async function* (requests, { signal }) {
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        for await (const request of requests) yield { msg: request.name };
      },
    });
  });

  it('refuse a missing handler, and so does the builder at run time', () => {
    const { chat: _, ...three } = good;
    // @ts-expect-error chat is missing
    expect(() => server().add(Hello, three)).toThrow(
      'handlers of hello.v1.Hello: "chat" has no handler; add "chat"',
    );
  });

  it('refuse a misspelt handler, in place and through a variable', () => {
    const misspelt = { ...good, anythin: good.anything };
    // @ts-expect-error anythin is no method
    expect(() => server().add(Hello, misspelt)).toThrow('"anythin" is no method; did you mean anything?');
    // @ts-expect-error zebra is no method
    expect(() => server().add(Hello, { ...good, zebra: () => {} })).toThrow(
      'it has anything, gather, list, chat',
    );
  });

  it('refuse a wrong response and a wrong request', () => {
    // @ts-expect-error msg is a string
    server().add(Hello, { ...good, anything: async () => ({ msg: 5 }) });
    // @ts-expect-error msg is missing
    server().add(Hello, { ...good, anything: async () => ({}) });
    // @ts-expect-error a stream gives an async iterable
    server().add(Hello, { ...good, list: async () => ({ msg: '' }) });
    const wrong = { ...good, anything: async (request: { age: number }) => ({ msg: String(request.age) }) };
    // @ts-expect-error the request has no age
    server().add(Hello, wrong);
    // @ts-expect-error not a function
    expect(() => server().add(Hello, { ...good, list: 5 })).toThrow(
      '"list" is no function; add "list", async function*',
    );
  });

  it('take an instance of a class', () => {
    class Service {
      readonly #greeting = 'hi';
      async anything(request: Ask): Promise<Answer> {
        return { msg: this.#greeting + request.name };
      }
      gather = good.gather;
      list = good.list;
      chat = good.chat;
    }
    expect(server().add(Hello, new Service())).toBeDefined();
  });

  it('are loose for definitions whose type tells no kind', () => {
    interface Loose {
      readonly path: string;
      readonly requestStream: boolean;
      readonly responseStream: boolean;
      requestSerialize(value: Ask): Buffer;
      requestDeserialize(bytes: Buffer): Ask;
      responseSerialize(value: Answer): Buffer;
      responseDeserialize(bytes: Buffer): Answer;
    }
    expectTypeOf<(request: Ask) => Promise<Answer>>().toExtend<HandlerOf<Loose>>();
    expectTypeOf<(requests: AsyncIterable<Ask>) => AsyncIterable<Answer>>().toExtend<HandlerOf<Loose>>();
    const dynamic: GrpcServiceDefinition = Hello;
    server().add(dynamic, {
      anything: async (request, context) => ({ msg: `${request.name} ${context.attempt}` }),
      gather: async () => ({ msg: '' }),
      list: async function* () {},
      chat: async function* () {},
    });
  });

  it('refuse what is no service definition', () => {
    // @ts-expect-error a string is no definition
    expect(() => server().add({ anything: 'x' }, good)).toThrow('is no service definition');
    // @ts-expect-error no handlers
    expect(() => server().add(Hello, undefined)).toThrow('is no object');
  });
});

describe('options', () => {
  it('are refused when nobody reads them', async () => {
    const options = {
      service: 'hello',
      registry,
      logger: silentLogger,
      clock: systemClock,
      random: systemRandom,
    };
    // @ts-expect-error not an option
    expect(() => createServer({ ...options, lables: {} })).toThrow('did you mean labels?');
    const builder = server().add(Hello, good);
    // @ts-expect-error not an option
    await expect(builder.start({ listn: '127.0.0.1:0' })).rejects.toThrow('did you mean listen?');
    await expect(builder.start({ drain: { graceMs: -1 } })).rejects.toThrow('start.drain.graceMs: -1');
    await expect(builder.start({ check: 'grpc', health: false })).rejects.toThrow(
      'asks for the health service',
    );
    await expect(server().start()).rejects.toThrow('add a service before start');
  });
});
