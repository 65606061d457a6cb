import { status } from '@grpc/grpc-js';
import { type Logger, silentLogger } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { MemoryPolicies } from '@micromesh/policy';
import { consulKv, type PolicyPlace } from '@micromesh/policy/places';
import { staticRegistry } from '@micromesh/registry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMesh } from './create-mesh.js';
import { gatewayRules } from './gateway-rules.js';
import { HelloService } from './testing/hello-definition.js';
import { createTestMesh, type TestMesh, type TestMeshOptions } from './testing/test-mesh.js';

let open: TestMesh | undefined;
afterEach(async () => {
  await open?.close();
  expect(open?.clock.pendingTimers ?? 0).toBe(0);
  open = undefined;
});

function world(options: TestMeshOptions): TestMesh {
  open = createTestMesh(options);
  open
    .addNode('hello')
    .serve({ anything: HelloService.anything }, { anything: async ({ name }) => ({ msg: `Hello ${name}` }) });
  return open;
}

function rule(http: string) {
  const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: hello }
spec: { hosts: [hello], http: [${http}] }
`;
  return { file: 'hello.yaml', text };
}

/** Ends each call with UNAVAILABLE. */
const CLOSED = '{ directResponse: { status: 503, body: { string: closed } } }';
const OPEN = '{ route: [{ destination: { host: hello } }] }';

function call(test: TestMesh) {
  const outcome = test.mesh.client(HelloService, { service: 'hello' }).anything({ name: 'xuxu' });
  return outcome.then(
    ({ msg }) => msg,
    (error: { code?: number }) => error.code,
  );
}

describe('the policies of a mesh', () => {
  it('in dry-run have no effect, and the mesh counts what they would have had', async () => {
    const dry = rule(CLOSED);
    const annotated = 'metadata: { name: closing, annotations: { micromesh.io/dry-run: "true" } }';
    const inDryRun = { file: 'dry.yaml', text: dry.text.replace('metadata: { name: hello }', annotated) };
    const test = world({ policies: [new MemoryPolicies([rule(OPEN), inDryRun])] });
    expect([await call(test), await call(test)]).toEqual(['Hello xuxu', 'Hello xuxu']);
    expect(test.mesh.dryRun()).toEqual([{ resource: 'VirtualService closing', effect: 'route', count: 2 }]);
    const without = createMesh({ registry: 'memory:' });
    expect(without.dryRun()).toEqual([]);
    await without.close();
  });

  it('are in force from the first call on, and each later version for the calls that begin after it', async () => {
    const policies = new MemoryPolicies([rule(CLOSED)]);
    const test = world({ policies: [policies] });
    expect(await call(test)).toBe(status.UNAVAILABLE);
    policies.set(rule(OPEN));
    expect(await call(test)).toBe('Hello xuxu');
    policies.set(rule('{ nonsense: true }'));
    expect(await call(test)).toBe('Hello xuxu');
    policies.set();
    expect(await call(test)).toBe('Hello xuxu');
  });

  it('warn where they are for no gateway of a name that the process has, with each version again', async () => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => warnings.push(message) };
    const atWeb = rule(OPEN);
    const web = { ...atWeb, text: atWeb.text.replace('hosts:', 'gateways: [web], hosts:') };
    const policies = new MemoryPolicies([web]);
    const test = world({ policies: [policies], logger });
    gatewayRules(test.mesh, 'webb', () => undefined);
    gatewayRules(test.mesh, 'web', () => undefined);
    await call(test);
    const served = 'no VirtualService names the gateway webb: it serves everything by its path';
    expect(warnings).toEqual([`${served}; those that they name are web`]);
    policies.set(rule(OPEN));
    expect(warnings.slice(1)).toEqual([
      `${served}; they name none`,
      `${served.replace('webb', 'web')}; they name none`,
    ]);
  });

  it('see who calls: the labels and the namespace of its identity', async () => {
    const forShop = `{ match: [{ sourceLabels: { app: shop }, sourceNamespace: eu }], directResponse: { status: 503 } }`;
    for (const [labels, namespace, expected] of [
      [{ app: 'shop' }, 'eu', status.UNAVAILABLE],
      [{ app: 'shop' }, 'us', 'Hello xuxu'],
      [{}, 'eu', 'Hello xuxu'],
    ] as const) {
      const policies = new MemoryPolicies([rule(`${forShop}, ${OPEN}`)]);
      const test = world({ policies: [policies], identity: { labels, namespace } });
      expect(await call(test)).toBe(expected);
      await test.close();
    }
  });

  it('hold up the first calls for a second at most where a place says nothing, and say so', async () => {
    const warnings: string[] = [];
    const logger: Logger = {
      debug() {},
      info() {},
      warn: (_fields, message) => warnings.push(message),
      error() {},
    };
    const close = vi.fn();
    const silent: PolicyPlace = {
      description: 'silent',
      open: async () => ({ description: 'silent', watch: () => () => {}, close }),
    };
    const test = world({ policies: [silent], logger });
    const answer = call(test);
    await test.advance(1000);
    expect(await answer).toBe('Hello xuxu');
    expect(warnings).toEqual(['no word of the policies within 1000 ms; calls begin without them']);
    await test.close();
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('say which parts of them calls do not follow yet', async () => {
    const told: object[] = [];
    const logger: Logger = { debug() {}, info() {}, warn: (fields) => told.push(fields), error() {} };
    const text = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec: { host: hello, trafficPolicy: { tls: { mode: DISABLE } } }
`;
    const policies = new MemoryPolicies([rule(OPEN), { file: 'traffic.yaml', text }]);
    const test = world({ policies: [policies], logger });
    await call(test);
    expect(told).toMatchObject([{ paths: ['DestinationRule hello spec.trafficPolicy.tls'] }]);
  });

  it('are followed in all that a VirtualService says', async () => {
    const told: object[] = [];
    const logger: Logger = { debug() {}, info() {}, warn: (fields) => told.push(fields), error() {} };
    const text =
      '{ fault: { abort: { grpcStatus: ABORTED, percentage: { value: 100 } } }, retries: { attempts: 1, retryRemoteLocalities: true }, route: [{ destination: { host: hello }, headers: { request: { set: { x: y } } } }] }';
    const test = world({ policies: [new MemoryPolicies([rule(text)])], logger });
    expect(await call(test)).toBe(status.ABORTED);
    expect(told).toEqual([]);
  });

  it('need what their places need: createMesh says what is missing, and leaves nothing open', async () => {
    const close = vi.fn();
    const other: PolicyPlace = {
      description: 'other',
      open: async () => ({ description: 'other', watch: () => () => {}, close }),
    };
    const make = () =>
      createMesh({
        registry: staticRegistry({ hello: ['127.0.0.1:1'] }),
        policies: [other, consulKv()],
        clock: new FakeClock(),
      });
    expect(make).toThrow('is where a registry of fixed addresses has nothing; use the registry');
    await vi.waitFor(() => expect(close).toHaveBeenCalledTimes(1));
    expect(() => createMesh({ policies: ['./policies'] as never })).toThrow(
      "folder('./policies') or consulKv()",
    );
  });

  it('end with the mesh, also where they were not open yet', async () => {
    const policies = new MemoryPolicies([rule(OPEN)]);
    const test = world({ policies: [policies] });
    await test.close();
    policies.set(rule(CLOSED));
  });
});
