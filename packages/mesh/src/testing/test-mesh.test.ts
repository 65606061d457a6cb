import { describe, expect, it } from 'vitest';
import { createTestMesh } from './test-mesh.js';

const text = {
  serialize: (value: string) => Buffer.from(value),
  deserialize: (bytes: Buffer) => bytes.toString(),
};
const HelloService = {
  anything: {
    path: '/hello.v1.Hello/Anything',
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: text.serialize,
    requestDeserialize: text.deserialize,
    responseSerialize: text.serialize,
    responseDeserialize: text.deserialize,
  },
  list: {
    path: '/hello.v1.Hello/List',
    requestStream: false as const,
    responseStream: true as const,
    requestSerialize: text.serialize,
    requestDeserialize: text.deserialize,
    responseSerialize: text.serialize,
    responseDeserialize: text.deserialize,
  },
};

describe('a test mesh', () => {
  it('shows a failover, attempt by attempt, without real time', async () => {
    await using world = createTestMesh({ defaults: { strategy: 'round-robin' } });
    const serve = { anything: (name: string) => `Hello ${name}` };
    const first = world.addNode('hello').serve(HelloService, serve);
    world.addNode('hello').serve(HelloService, serve);
    first.script({ kind: 'drop' });
    const hello = world.mesh.client(HelloService, { service: 'hello' });
    expect(await hello.anything('xuxu')).toBe('Hello xuxu');
    expect(world.attempts.map(({ nodeId }) => nodeId)).toEqual(['hello-1', 'hello-2']);
  });

  it('answers streams, unknown methods and handlers that throw as a server would', async () => {
    await using world = createTestMesh();
    world.addNode('hello').serve(HelloService, {
      anything: () => {
        throw new Error('bug');
      },
      list: (name) => [`${name} 1`, `${name} 2`],
    });
    const hello = world.mesh.client(HelloService, { service: 'hello' });
    const listed: string[] = [];
    for await (const each of hello.list('x')) listed.push(each);
    expect(listed).toEqual(['x 1', 'x 2']);
    await expect(hello.anything('x')).rejects.toMatchObject({ code: 2, details: 'bug' });
  });

  it('tells an unknown registry from an empty one', async () => {
    await using world = createTestMesh();
    world.failRegistry('hello');
    const hello = world.mesh.client(HelloService, { service: 'hello', timeoutMs: 100 });
    const call = hello.anything('x');
    const failed = expect(call).rejects.toMatchObject({ reason: 'registryUnknown' });
    await world.advance(100);
    await failed;
  });
});
