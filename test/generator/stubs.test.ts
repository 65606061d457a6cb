import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import {
  type ServiceDefinition as LoadedService,
  loadSync,
  type PackageDefinition,
} from '@grpc/proto-loader';
import { FILE_DESCRIPTOR_SET, readServiceDefinition, type ServiceDefinition } from '@micromesh/core';
import { generate } from '@micromesh/generator';
import Long from 'long';
import protobufjs from 'protobufjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compile, compiled, makeProject, PROTOS } from './fixture.js';

// Each generation is two processes, and other tests run beside.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let project: Awaited<ReturnType<typeof makeProject>>;
let code: ConsumerModule;

/** What the consumer exports, which exists only while the test runs. */
interface ConsumerModule {
  readonly full: object;
  readonly OrdersService: DescribedDefinition;
  readonly StockService: ServiceDefinition;
  readonly BareService: ServiceDefinition;
  readonly FunctionService: ServiceDefinition;
  callEcho(address: string): Promise<{ put: object; watched: string[]; uploaded: string; talked: object[] }>;
  serveEcho(): Promise<{ address: string; close(): void }>;
}

type DescribedDefinition = ServiceDefinition & { readonly [FILE_DESCRIPTOR_SET]: Uint8Array };

beforeAll(async () => {
  project = await makeProject();
  await generate({ inputs: [PROTOS], out: join(project.folder, 'gen') });
  await copyFile(join(import.meta.dirname, 'consumer.ts.txt'), join(project.folder, 'consumer.ts'));
  expect(await compile(project.folder, 'NodeNext')).toBe('');
  code = await import(compiled(project.folder, 'consumer.js'));
});

afterAll(() => project.remove());

describe('generated code', () => {
  it('compiles with every strict flag as node16 too', async () => {
    expect(await compile(project.folder, 'Node16')).toBe('');
  });

  it('tells the kind and idempotency of each method, also where two services share names', () => {
    const told = (definition: ServiceDefinition) =>
      readServiceDefinition(definition).map(({ key, method }) => [
        key,
        method.path,
        method.kind,
        method.idempotency,
      ]);
    expect(told(code.OrdersService)).toEqual([
      ['get', '/shop.v1.Orders/Get', 'unary', 'idempotent'],
      ['put', '/shop.v1.Orders/Put', 'unary', 'idempotent'],
      ['add', '/shop.v1.Orders/Add', 'unary', 'unknown'],
      ['watch', '/shop.v1.Orders/Watch', 'serverStream', 'unknown'],
      ['upload', '/shop.v1.Orders/Upload', 'clientStream', 'unknown'],
      ['talk', '/shop.v1.Orders/Talk', 'bidi', 'unknown'],
    ]);
    expect(told(code.StockService)).toEqual([
      ['get', '/shop.v1.Stock/Get', 'unary', 'unknown'],
      ['put', '/shop.v1.Stock/Put', 'unary', 'idempotent'],
    ]);
    expect(told(code.BareService)).toEqual([['call', '/Bare/Call', 'unary', 'idempotent']]);
    expect(told(code.FunctionService).map(([key]) => key)).toEqual([
      'delete',
      'constructor',
      'getHttpStatus',
      'await',
    ]);
    expect(code.OrdersService.get?.options).toEqual({ idempotency_level: 'NO_SIDE_EFFECTS' });
    expect(code.OrdersService.put?.options).toEqual({ idempotency_level: 'IDEMPOTENT' });
  });

  it('carries its descriptors with those of its imports, and without being a method', () => {
    const set = fromBinary(FileDescriptorSetSchema, code.OrdersService[FILE_DESCRIPTOR_SET]);
    const names = set.file.map(({ name }) => name);
    expect(names).toContain('shared/v1/money.proto');
    expect(names).toContain('google/protobuf/timestamp.proto');
    expect(names.at(-1)).toBe('shop/v1/shop.proto');
    expect(names).not.toContain('words/words.proto');
    expect(set.file.every(({ sourceCodeInfo }) => sourceCodeInfo === undefined)).toBe(true);
    expect(Object.keys(code.OrdersService)).toHaveLength(6);
    expect(Reflect.ownKeys({ ...code.OrdersService })).toHaveLength(6);
  });
});

describe('on the wire', () => {
  // vitest runs with `--conditions=import`, under which protobufjs finds an ES module for `long`, and rounds 64 bits.
  protobufjs.util.Long = Long;
  protobufjs.configure();
  const loaded = loadSync('shop/v1/shop.proto', {
    includeDirs: [PROTOS],
    longs: String,
    enums: String,
    oneofs: true,
  });
  const orders = servicesOf(loaded, 'shop.v1.Orders');

  it('gives a server of proto-loader all it has, and reads all of it back, in each kind of call', async () => {
    const server = new Server();
    server.addService(orders, loaderEcho());
    try {
      const { put, watched, uploaded, talked } = await code.callEcho(await listen(server));
      expect(withoutWideKeys(put)).toEqual(withoutWideKeys(code.full));
      expect(watched).toEqual(['w1', 'w2']);
      expect(uploaded).toBe('ab');
      expect(talked.map(withoutWideKeys)).toEqual([withoutWideKeys(code.full)]);
    } finally {
      server.forceShutdown();
    }
  });

  it('gives and reads all it has among generated code', async () => {
    const server = await code.serveEcho();
    try {
      const { put, talked } = await code.callEcho(server.address);
      expect([put, ...talked]).toEqual([code.full, code.full]);
    } finally {
      server.close();
    }
  });

  it('serves a client of proto-loader', async () => {
    const server = await code.serveEcho();
    const client = new Client(server.address, credentials.createInsecure());
    const request = {
      aString: 'x',
      anInt64: '-9007199254740993',
      mode: 'MODE_SLOW',
      choice: 'number',
      number: '-5',
    };
    try {
      const { path, requestSerialize, responseDeserialize } = method(orders, 'Put');
      const reply = await new Promise<object | undefined>((resolve, reject) => {
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, value) =>
          error === null ? resolve(value) : reject(error),
        );
      });
      expect(reply).toEqual(request);
      const talk = method(orders, 'Talk');
      const call = client.makeBidiStreamRequest(talk.path, talk.requestSerialize, talk.responseDeserialize);
      call.write(request);
      call.end();
      const talked: unknown[] = [];
      for await (const message of call) talked.push(message);
      expect(talked).toEqual([request]);
    } finally {
      client.close();
      server.close();
    }
  });
});

// protobufjs cannot hand on a map whose keys have 64 bits.
function withoutWideKeys(message: object): object {
  return { ...message, byInt64: undefined };
}

function servicesOf(loaded: PackageDefinition, name: string): LoadedService {
  const service = loaded[name];
  if (service === undefined || 'format' in service) throw new Error(`${name} is no service`);
  return service;
}

function method(service: LoadedService, name: string) {
  const found = service[name];
  if (found === undefined) throw new Error(`no method ${name}`);
  return found;
}

// Answers with what it was sent, through proto-loader's serializers.
function loaderEcho(): UntypedServiceImplementation {
  return {
    Put: (call: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) =>
      callback(null, call.request),
    Watch: (call: ServerWritableStream<{ id: string }, object>) => {
      call.write({ aString: `${call.request.id}1` });
      call.write({ aString: `${call.request.id}2` });
      call.end();
    },
    Upload: (call: ServerReadableStream<{ aString: string }, object>, callback: sendUnaryData<object>) => {
      let id = '';
      call.on('data', (message: { aString: string }) => {
        id += message.aString;
      });
      call.on('end', () => callback(null, { id }));
    },
    Talk: (call: ServerDuplexStream<object, object>) => {
      call.on('data', (message: object) => call.write(message));
      call.on('end', () => call.end());
    },
  };
}

async function listen(server: Server): Promise<string> {
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return `127.0.0.1:${port}`;
}
