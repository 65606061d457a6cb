import { readServiceDefinition } from '@micromesh/core';
import { MemoryPolicies, type PolicyPlace } from '@micromesh/policy';
import type { RouteRequest } from '@micromesh/policy/route';
import { afterEach, describe, expect, it } from 'vitest';
import { gatewayRules } from './gateway-rules.js';
import type { GatewayMethod } from './gateway-rules-dry-run.js';
import { HelloService } from './testing/hello-definition.js';
import { createTestMesh, type TestMesh } from './testing/test-mesh.js';

let open: TestMesh | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

const [anything] = readServiceDefinition({ anything: HelloService.anything });

/** Paths below `/hello` mean a method. */
function findMethod(path: string): GatewayMethod | undefined {
  return anything && path.startsWith('/hello') ? { service: 'hello', method: anything.method } : undefined;
}

const CLOSED = '{ directResponse: { status: 503 } }';
const TO_HELLO = 'route: [{ destination: { host: hello, subset: v2 } }]';
const HASH = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec:
  host: hello
  subsets:
    - name: v2
      trafficPolicy: { loadBalancer: { consistentHash: { httpQueryParameterName: user } } }
`;

function text(http: string, gateways = 'web, mesh') {
  return {
    file: 'web.yaml',
    text: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec: { hosts: ["*"], gateways: [${gateways}], http: [${http}] }
${HASH}`,
  };
}

function request(path: string, query = ''): RouteRequest {
  return {
    path,
    authority: 'api.example.com',
    scheme: 'http',
    verb: 'GET',
    query,
    header: () => undefined,
    hasAnyHeader: () => false,
  };
}

describe('the rules of a gateway', () => {
  it('are none where there are no policies, for a stand-in of a mesh, and for a host without a VirtualService', async () => {
    open = createTestMesh();
    expect(gatewayRules(open.mesh, 'web', findMethod)).toBeUndefined();
    expect(gatewayRules({ client: open.mesh.client }, 'web', findMethod)).toBeUndefined();
    await open.close();
    open = createTestMesh({ policies: [new MemoryPolicies([text(CLOSED, 'mesh')])] });
    expect(await gatewayRules(open.mesh, 'web', findMethod)?.find(request('/'))).toBeUndefined();
  });

  it('are waited for until the policies are known', async () => {
    const policies = new MemoryPolicies([text(CLOSED)]);
    let tell = () => {};
    const known = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const late: PolicyPlace = {
      description: 'late',
      open: async (parts) => {
        await known;
        return policies.open(parts);
      },
    };
    open = createTestMesh({ policies: [late] });
    const found = gatewayRules(open.mesh, 'web', findMethod)?.find(request('/'));
    tell();
    expect(await found).toMatchObject({ kind: 'rule', rule: { action: { kind: 'directResponse' } } });
  });

  it('tell the resource none of whose rules takes a request, and the parameters that are looked at', async () => {
    const beta = `{ match: [{ uri: { prefix: /a }, queryParams: { beta: {} } }], ${TO_HELLO} }`;
    open = createTestMesh({ policies: [new MemoryPolicies([text(beta)])] });
    const rules = gatewayRules(open.mesh, 'web', findMethod);
    expect(await rules?.find(request('/a'))).toEqual({ kind: 'none', resource: 'VirtualService web' });
    const found = await rules?.find(request('/a', 'beta=1'));
    if (found?.kind !== 'rule') throw new Error('no rule');
    expect([...found.parameters]).toEqual(['beta', 'user']);
  });

  it('are followed by a call with their options, in their version, whatever is in force by then', async () => {
    const policies = new MemoryPolicies([text(`{ ${TO_HELLO}, rewrite: { uri: /other } }`, 'web')]);
    open = createTestMesh({ policies: [policies] });
    const handlers = { anything: async () => ({ msg: 'served' }) };
    for (const version of ['1', '2']) {
      open.addNode('hello', `v${version}`, { version }).serve({ anything: HelloService.anything }, handlers);
    }
    const found = await gatewayRules(open.mesh, 'web', findMethod)?.find(request('/hello'));
    if (found?.kind !== 'rule') throw new Error('no rule');
    policies.set(text(CLOSED, 'mesh'));
    const client = open.mesh.client(HelloService, { service: 'hello' });
    await expect(client.anything({ name: 'a' })).rejects.toThrow();
    expect(await client.anything({ name: 'a' }, { retries: 0, ...found.callOptions })).toEqual({
      msg: 'served',
    });
    expect(
      await open.mesh.with({ retries: 0 }, () => client.anything({ name: 'a' }, found.callOptions)),
    ).toEqual({
      msg: 'served',
    });
    expect(open.attempts.map(({ nodeId }) => nodeId).length).toBe(2);
  });
});
