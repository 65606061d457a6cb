import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { credentials, loadPackageDefinition, type ServiceDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { freePort } from '@micromesh/cli/stage';
import { FILE_DESCRIPTOR_SET, systemClock, systemRandom } from '@micromesh/core';
import { createServer } from '@micromesh/server';
import { protoPath as healthProto } from 'grpc-health-check';
import { afterEach, describe, expect, it } from 'vitest';
import { HelloClient, HelloService } from '../../services/hello/src/gen/hello/v1/hello.js';
import { DynamicEcho, EchoService } from './echo.js';
import { echoHandlers, FakeRegistry, RecordingLogger, startEcho, until } from './harness.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

function clientOf(protoFile: string, service: string, address: string) {
  const loaded = loadSync(protoFile, { longs: String, enums: String, defaults: true, oneofs: true });
  let found: unknown = loadPackageDefinition(loaded);
  for (const part of service.split('.')) found = Reflect.get(Object(found), part);
  if (typeof found !== 'function') throw new Error(`no ${service}`);
  const client = Reflect.construct(found, [
    address,
    credentials.createInsecure(),
    { 'grpc.use_local_subchannel_pool': 1 },
  ]);
  open.push(client);
  return client;
}

const reflectionRoot = dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json'));

function healthStatus(client: ReturnType<typeof clientOf>, service: string): Promise<string> {
  return new Promise((resolve) => {
    client.check({ service }, (error: { code: number } | null, reply: { status: string }) =>
      resolve(error === null ? reply.status : String(status[error.code])),
    );
  });
}

function reflect(
  address: string,
  version: 'v1' | 'v1alpha',
  request: object,
): Promise<Record<string, never>> {
  const client = clientOf(
    join(reflectionRoot, `build/proto/grpc/reflection/${version}/reflection.proto`),
    `grpc.reflection.${version}.ServerReflection`,
    address,
  );
  return new Promise((resolve, reject) => {
    const call = client.serverReflectionInfo();
    call.on('data', resolve);
    call.on('error', reject);
    call.write(request);
    call.end();
  });
}

describe('health', () => {
  it('is known overall and for each service, and changes with the drain', async () => {
    const running = await startEcho({ drain: { lameDuckMs: 300, graceMs: 60_000 } });
    const client = clientOf(healthProto, 'grpc.health.v1.Health', running.address);
    expect(await healthStatus(client, '')).toBe('SERVING');
    expect(await healthStatus(client, 'echo.v1.Echo')).toBe('SERVING');
    expect(await healthStatus(client, 'other.v1.Other')).toBe('NOT_FOUND');
    const watched: string[] = [];
    let ended: number | undefined;
    const watch = client.watch({ service: '' });
    watch.on('data', (reply: { status: string }) => watched.push(reply.status));
    watch.on('error', (error: { code: number }) => {
      ended = error.code;
    });
    await until(() => watched.length === 1);
    const stopping = running.stop();
    await until(() => watched.length === 2);
    expect(await healthStatus(client, 'echo.v1.Echo')).toBe('NOT_SERVING');
    // The open watch does not hold the drain up until its limit: that is beyond the time of this test.
    await stopping;
    expect(watched).toEqual(['SERVING', 'NOT_SERVING']);
    await until(() => ended !== undefined);
    expect(ended).toBe(status.UNAVAILABLE);
  }, 30_000);

  it('is SERVING before the registry asks', async () => {
    const registry = new FakeRegistry();
    let seen = '';
    let address = '';
    registry.onRegister = async () => {
      seen = await healthStatus(clientOf(healthProto, 'grpc.health.v1.Health', address), '');
    };
    address = `127.0.0.1:${await freePort()}`;
    const running = await startEcho({ registry, listen: address });
    expect(seen).toBe('SERVING');
    await running.stop();
  });

  it('can be left out', async () => {
    const registry = new FakeRegistry();
    const running = await startEcho({ registry, health: false });
    open.push({ close: () => running.stop() });
    const client = clientOf(healthProto, 'grpc.health.v1.Health', running.address);
    expect(await healthStatus(client, '')).toBe('UNIMPLEMENTED');
    expect(registry.registered[0]?.check).toBe('ttl');
  });
});

describe('reflection', () => {
  async function start(definition: ServiceDefinition | typeof EchoService, logger = new RecordingLogger()) {
    const builder = createServer({
      service: 'echo',
      registry: new FakeRegistry(),
      logger,
      clock: systemClock,
      random: systemRandom,
    });
    if ('say' in definition) builder.add(definition, echoHandlers);
    else builder.add(definition, { Say: () => {}, Gather: () => {}, List: () => {}, Chat: () => {} });
    const running = await builder.start({ drain: { lameDuckMs: 0 } });
    open.push({ close: () => running.stop() });
    return running;
  }

  it.each(['v1', 'v1alpha'] as const)("%s knows what proto-loader's definitions carry", async (version) => {
    const { address } = await start(DynamicEcho);
    const { listServicesResponse } = await reflect(address, version, { listServices: '*' });
    expect(listServicesResponse).toMatchObject({
      service: [{ name: 'echo.v1.Echo' }, { name: 'grpc.health.v1.Health' }],
    });
    const { fileDescriptorResponse } = await reflect(address, version, {
      fileContainingSymbol: 'echo.v1.Echo.List',
    });
    expect(fileDescriptorResponse).toMatchObject({ fileDescriptorProto: { length: 2 } });
    const { errorResponse } = await reflect(address, version, { fileContainingSymbol: 'echo.v1.Nothing' });
    expect(errorResponse).toMatchObject({ errorCode: status.NOT_FOUND });
  });

  it('knows the descriptor set that is attached to a generated constant, as bytes or base64', async () => {
    const say = DynamicEcho.Say;
    const files: Buffer[] = Reflect.get(Reflect.get(Object(say), 'requestType'), 'fileDescriptorProtos');
    const set = Buffer.concat(files.flatMap((file) => [Buffer.from([0x0a]), varint(file.length), file]));
    for (const value of [set, set.toString('base64')]) {
      const definition = Object.defineProperty({ ...EchoService }, FILE_DESCRIPTOR_SET, { value });
      const { address } = await start(definition);
      const { fileDescriptorResponse } = await reflect(address, 'v1', {
        fileContainingSymbol: 'echo.v1.Echo',
      });
      expect(fileDescriptorResponse).toMatchObject({ fileDescriptorProto: { length: 2 } });
    }
  });

  it('knows what `micromesh generate` has written, whose handlers are strictly typed', async () => {
    const running = await createServer({
      service: 'hello',
      registry: new FakeRegistry(),
      logger: new RecordingLogger(),
      clock: systemClock,
      random: systemRandom,
    })
      .add(HelloService, {
        anything: async ({ name }) => ({ msg: `Hello ${name}` }),
        list: async function* ({ count }) {
          for (let index = 0; index < count; index++) yield { msg: String(index) };
        },
        collect: async (requests) => {
          let count = 0;
          for await (const { name } of requests) count += name.length;
          return { msg: '', count };
        },
        chat: async function* (requests) {
          for await (const { name } of requests) yield { msg: name };
        },
      })
      .start({ drain: { lameDuckMs: 0 } });
    open.push({ close: () => running.stop() });
    const client = new HelloClient(running.address, credentials.createInsecure());
    open.push(client);
    const msg = await new Promise((resolve, reject) =>
      client.anything({ name: 'xuxu' }, (error, reply) =>
        error === null ? resolve(reply.msg) : reject(error),
      ),
    );
    expect(msg).toBe('Hello xuxu');
    const { fileDescriptorResponse } = await reflect(running.address, 'v1', {
      fileContainingSymbol: 'hello.v1.Hello',
    });
    expect(fileDescriptorResponse).toMatchObject({ fileDescriptorProto: { length: 1 } });
  });

  it('is a warning, not a failure, when the set is broken', async () => {
    const logger = new RecordingLogger();
    await start(Object.defineProperty({ ...EchoService }, FILE_DESCRIPTOR_SET, { value: 'AAAA' }), logger);
    expect(String(Reflect.get(logger.of('warn')[0]?.fields ?? {}, 'err'))).toContain('FileDescriptorSet');
  });
});

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
