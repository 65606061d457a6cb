import { type CallTrace, describeOrigin, events } from '@micromesh/core';
import { MemoryPolicies } from '@micromesh/policy';
import { afterEach, describe, expect, it } from 'vitest';
import { HelloService } from './testing/hello-definition.js';
import { createTestMesh, type TestMesh, type TestMeshOptions } from './testing/index.js';

let open: TestMesh | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

function world(options: TestMeshOptions = {}): TestMesh {
  open = createTestMesh(options);
  open
    .addNode('hello')
    .serve({ anything: HelloService.anything }, { anything: async ({ name }) => ({ msg: `Hello ${name}` }) });
  return open;
}

const TIMEOUT = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: hello }
spec:
  hosts: [hello]
  http: [{ name: all, timeout: 2s, route: [{ destination: { host: hello } }] }]
`;

describe('the trace of a call', () => {
  it('comes to who asks for it, by an option of the call or around a stub', async () => {
    const { mesh } = world({ policies: [new MemoryPolicies([{ file: 'hello.yaml', text: TIMEOUT }])] });
    const hello = mesh.client(HelloService, { service: 'hello' });
    const traces: CallTrace[] = [];
    const trace = (each: CallTrace) => traces.push(each);
    await hello.anything({ name: 'a' }, { trace });
    await mesh.with({ trace }, () => hello.anything({ name: 'b' }, { timeoutMs: 100 }));
    await hello.anything({ name: 'c' });
    expect(
      traces.map(({ route, plan, attempts, outcome }) => [
        route?.rule?.name,
        plan?.timeoutMs.value,
        plan?.timeoutMs.from.map(describeOrigin),
        attempts.length,
        outcome.code,
      ]),
    ).toEqual([
      ['all', 2000, ['VirtualService hello spec.http[0].timeout (hello.yaml:6)'], 1, 0],
      ['all', 100, ["the call's option"], 1, 0],
    ]);
  });

  it('is published of the share of calls that the mesh says', async () => {
    const traces: CallTrace[] = [];
    const unsubscribe = events.trace.subscribe((each) => traces.push(each));
    try {
      for (const traceRatio of [0, 1]) {
        const { mesh } = world({ traceRatio });
        await mesh.client(HelloService, { service: 'hello' }).anything({ name: 'a' });
        await open?.close();
      }
      expect(traces.map(({ method }) => method)).toEqual([HelloService.anything.path]);
    } finally {
      unsubscribe();
    }
  });

  it('is refused where it cannot be', async () => {
    expect(() => world({ traceRatio: 2 })).toThrow('createMesh.traceRatio: 2');
    const hello = world().mesh.client(HelloService, { service: 'hello' });
    const trace: never = 'all' as never;
    await expect(hello.anything({ name: 'a' }, { trace })).rejects.toThrow('trace');
  });
});
