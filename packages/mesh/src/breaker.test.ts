import { afterEach, describe, expect, it } from 'vitest';
import { createTestMesh, type TestMesh } from './testing/index.js';

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
};

describe('the circuit breaker of a method', () => {
  let world: TestMesh;
  afterEach(() => world.close());

  it('opens by itself after failures in a row, and by hand until it is told otherwise', async () => {
    world = createTestMesh({ defaults: { retries: 0, breaker: { consecutiveFailures: 2, openMs: 1000 } } });
    const node = world.addNode('hello').serve(HelloService, { anything: (name: string) => `Hello ${name}` });
    const hello = world.mesh.client(HelloService, { service: 'hello' });
    const breaker = world.mesh.breaker('hello', 'Anything');
    node.script({ kind: 'status', code: 14 }, { kind: 'status', code: 14 });
    for (let count = 0; count < 2; count++) {
      await expect(hello.anything('x')).rejects.toMatchObject({ code: 14 });
    }
    await expect(hello.anything('x')).rejects.toMatchObject({ reason: 'breakerOpen' });
    expect(breaker.state).toBe('open');
    await world.advance(1200);
    expect(await hello.anything('x')).toBe('Hello x');
    breaker.open('maintenance');
    await expect(hello.anything('x')).rejects.toThrow('maintenance');
    breaker.auto();
    breaker.close();
    expect(await hello.anything('x')).toBe('Hello x');
  });
});
