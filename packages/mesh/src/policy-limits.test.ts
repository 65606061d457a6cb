import { status } from '@grpc/grpc-js';
import { silentLogger } from '@micromesh/core';
import { MemoryPolicies, type PolicyText } from '@micromesh/policy';
import { afterEach, describe, expect, it } from 'vitest';
import { createMesh } from './create-mesh.js';
import { HelloService } from './testing/hello-definition.js';
import { createTestMesh, type TestMesh } from './testing/test-mesh.js';

let open: TestMesh | undefined;
afterEach(async () => {
  await open?.close();
  expect(open?.clock.pendingTimers ?? 0).toBe(0);
  open = undefined;
});

const HANDLERS = { anything: async ({ name }: { name: string }) => ({ msg: `Hello ${name}` }) };
const DEFINITION = { anything: HelloService.anything };
const HELLO = 'Hello xuxu';
const REFUSED = status.RESOURCE_EXHAUSTED;

function world(policies: MemoryPolicies, nodes = 1): TestMesh {
  open = createTestMesh({ policies: [policies] });
  for (let count = 0; count < nodes; count++) open.addNode('hello').serve(DEFINITION, HANDLERS, 100);
  return open;
}

function limit(kind: string, spec: string): PolicyText {
  const text = `apiVersion: micromesh.io/v1
kind: ${kind}
metadata: { name: hello }
spec: { host: hello, ${spec} }
`;
  return { file: `${kind}.yaml`, text };
}

function rateLimit(side: string, spec = ''): PolicyText {
  return limit(
    'RateLimit',
    `side: ${side}, tokenBucket: { maxTokens: 2, tokensPerFill: 2, fillInterval: 1h }${spec}`,
  );
}

/** What each of so many calls at once comes to. */
async function calls(test: TestMesh, count: number) {
  const client = test.mesh.client(HelloService, { service: 'hello', retries: 0, strategy: 'round-robin' });
  const outcomes = Array.from({ length: count }, () =>
    client.anything({ name: 'xuxu' }).then(
      ({ msg }) => msg,
      (error: { code?: number }) => error.code,
    ),
  );
  await test.advance(1000);
  return Promise.all(outcomes);
}

describe.each(['client', 'server'])('limits on the side of the %s', (side) => {
  it('take effect for the next call, hold while they are left alone, and let go when they are deleted', async () => {
    const policies = new MemoryPolicies();
    const test = world(policies);
    expect(await calls(test, 3)).toEqual([HELLO, HELLO, HELLO]);
    policies.set(rateLimit(side));
    expect(await calls(test, 3)).toEqual([HELLO, HELLO, REFUSED]);
    policies.set(rateLimit(side), limit('ConcurrencyLimit', `side: ${side}, maxConcurrent: 5`));
    expect(await calls(test, 1)).toEqual([REFUSED]);
    policies.set(limit('ConcurrencyLimit', `side: ${side}, maxConcurrent: 2`));
    expect(await calls(test, 3)).toEqual([HELLO, HELLO, REFUSED]);
    policies.set();
    expect(await calls(test, 3)).toEqual([HELLO, HELLO, HELLO]);
    expect(test.clock.pendingTimers).toBe(0);
  });

  it('let calls wait for a place, in the order in which they came', async () => {
    const test = world(
      new MemoryPolicies([
        limit('ConcurrencyLimit', `side: ${side}, maxConcurrent: 1, maxQueued: 2, queueTimeout: 150ms`),
      ]),
    );
    expect(await calls(test, 5)).toEqual([HELLO, HELLO, REFUSED, REFUSED, REFUSED]);
    expect(test.clock.pendingTimers).toBe(0);
  });
});

describe('limits of two nodes', () => {
  it('count for each node where they are on the side of the server, and for the process on that of the client', async () => {
    expect(await calls(world(new MemoryPolicies([rateLimit('server')]), 2), 5)).toEqual([
      HELLO,
      HELLO,
      HELLO,
      HELLO,
      REFUSED,
    ]);
    await open?.close();
    expect((await calls(world(new MemoryPolicies([rateLimit('client')]), 2), 5)).slice(2)).toEqual([
      REFUSED,
      REFUSED,
      REFUSED,
    ]);
  });
});

describe('a call that a server has refused for a RateLimit', () => {
  /** How often its node is asked for two calls, where one may come. */
  async function attemptsUnder(retryOn: string) {
    const rule = {
      file: 'rule.yaml',
      text: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: hello }
spec:
  hosts: [hello]
  http: [{ retries: { attempts: 1, retryOn: "${retryOn}" }, route: [{ destination: { host: hello } }] }]
`,
    };
    const spec = 'tokenBucket: { maxTokens: 1, fillInterval: 300ms }';
    const test = world(new MemoryPolicies([rule, limit('RateLimit', spec)]));
    const client = test.mesh.client(HelloService, { service: 'hello' });
    const outcomes = [1, 2].map(() => client.anything({ name: 'xuxu' }).catch(() => REFUSED));
    await test.advance(1000);
    await Promise.all(outcomes);
    return test.attempts.length;
  }

  it('is tried again where the rule names envoy-ratelimited, when there is a token, and by no other word', async () => {
    expect(await attemptsUnder('resource-exhausted,5xx')).toBe(2);
    await open?.close();
    expect(await attemptsUnder('envoy-ratelimited')).toBe(3);
  });
});

describe('the servers of a mesh', () => {
  it('follow its policies, and say on the wire when to come again', async () => {
    const mesh = createMesh({
      registry: 'memory:',
      policies: [new MemoryPolicies([rateLimit('server', ', perHeaders: [x-user]')])],
      logger: silentLogger,
    });
    try {
      await mesh
        .server('hello')
        .add(DEFINITION, HANDLERS)
        .start({ listen: '127.0.0.1:0', drain: { lameDuckMs: 0 } });
      const client = mesh.client(HelloService, { service: 'hello' });
      for (let call = 0; call < 2; call++)
        expect(await client.anything({ name: 'xuxu' })).toEqual({ msg: HELLO });
      const refused = await client.anything({ name: 'xuxu' }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: REFUSED, reason: 'none' });
      expect(String(refused)).toContain(
        'RateLimit hello lets no further call of hello through now (2 each 3600000 ms, 2 at once, for each x-user)',
      );
      expect(JSON.stringify(refused)).toMatch(/"grpc-retry-pushback-ms":\["3[56]\d{5}"\]/);
    } finally {
      await mesh.close();
    }
  });
});
