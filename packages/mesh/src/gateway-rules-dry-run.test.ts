import { type DryRunEvent, events, readServiceDefinition } from '@micromesh/core';
import { MemoryPolicies, readPolicies } from '@micromesh/policy';
import type { RouteRequest } from '@micromesh/policy/route';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayMatch, gatewayRules } from './gateway-rules.js';
import type { GatewayMethod } from './gateway-rules-dry-run.js';
import { HelloService } from './testing/hello-definition.js';
import { createTestMesh, type TestMesh } from './testing/test-mesh.js';

const METHODS = new Map(
  readServiceDefinition(HelloService).map(({ method }) => [`/hello/${method.name}`.toLowerCase(), method]),
);

/** `/hello/anything` and its like. */
function findMethod(path: string): GatewayMethod | undefined {
  const method = METHODS.get(path);
  return method && { service: 'hello', method };
}

const TO_HELLO = 'route: [{ destination: { host: hello } }]';
const CLOSED = '{ directResponse: { status: 503, body: { string: closed } } }';
const AWAY = '{ redirect: { uri: /away } }';
const NEVER = `{ match: [{ headers: { x-never: {} } }], ${TO_HELLO} }`;
const TO_LIST = `{ match: [{ uri: { prefix: /hello/anything } }], rewrite: { uri: /hello/list }, ${TO_HELLO} }`;
const ASKED = `{ match: [{ uri: { prefix: /ask } }], rewrite: { uri: /hello/anything }, ${TO_HELLO} }`;

interface Ruled {
  /** For the gateway, in flow style; undefined: there are none. */
  readonly live?: string;
  readonly dry?: string;
  /** For the calls of processes to hello. */
  readonly ofProcesses?: string;
}

function virtualService(name: string, spec: string, http: string, dry = false): string {
  const annotations = dry ? ', annotations: { micromesh.io/dry-run: "true" }' : '';
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}${annotations} }
spec: { ${spec}, http: [${http}] }
---
`;
}

function textOf({ live, dry, ofProcesses }: Ruled) {
  const atGateway = 'hosts: ["*"], gateways: [web]';
  const text = [
    live === undefined ? '' : virtualService('live', atGateway, live),
    dry === undefined ? '' : virtualService('dry', atGateway, dry, true),
    ofProcesses === undefined ? '' : virtualService('own', 'hosts: [hello]', ofProcesses),
  ].join('');
  const texts = { file: 'web.yaml', text };
  const errors = readPolicies([texts]).problems.filter(({ severity }) => severity === 'error');
  expect(errors).toEqual([]);
  return texts;
}

function request(path: string): RouteRequest {
  return {
    path,
    authority: 'api.example.com',
    scheme: 'http',
    verb: 'GET',
    query: '',
    header: () => undefined,
    hasAnyHeader: () => false,
  };
}

describe('rules in dry-run at a gateway', () => {
  let open: TestMesh | undefined;
  let told: DryRunEvent[] = [];
  let off = () => {};
  beforeEach(() => {
    told = [];
    off = events.dryRun.subscribe((event) => told.push(event));
  });
  afterEach(async () => {
    off();
    await open?.close();
    open = undefined;
  });

  async function find(ruled: Ruled, path = '/hello/anything'): Promise<GatewayMatch | undefined> {
    open = createTestMesh({ policies: [new MemoryPolicies([textOf(ruled)])] });
    open.addNode('hello', 'a', {}).serve({ anything: HelloService.anything }, { anything: answer });
    return gatewayRules(open.mesh, 'web', findMethod)?.find(request(path));
  }

  const answer = async () => ({ msg: 'served' });

  /** What is told of the call that is made of a request. */
  async function toldOfCall(ruled: Ruled, path?: string): Promise<readonly string[]> {
    const match = await find(ruled, path);
    expect(match?.dryRunEvent).toBeUndefined();
    if (open === undefined || (match !== undefined && !('callOptions' in match))) throw new Error('no call');
    const client = open.mesh.client(HelloService, { service: 'hello' });
    await client.anything({ name: 'a' }, match?.callOptions).catch(() => {});
    await open.close();
    open = undefined;
    return told.splice(0).map(({ service, method, resource, effect }) => {
      expect([service, method]).toEqual([{ name: 'hello' }, '/hello.v1.Hello/Anything']);
      return `${resource} ${effect}`;
    });
  }

  const ROUTE = ['VirtualService dry route'];
  const live = `{ ${TO_HELLO} }`;

  it('say of a call that it would have ended, or been another', async () => {
    for (const dry of [CLOSED, AWAY, NEVER, TO_LIST, `{ rewrite: { uri: /nowhere }, ${TO_HELLO} }`]) {
      expect(await toldOfCall({ live, dry }), dry).toEqual(ROUTE);
      expect(await toldOfCall({ dry }), dry).toEqual(ROUTE);
    }
    expect(await toldOfCall({ live, dry: `{ route: [{ destination: { host: other } }] }` })).toEqual(ROUTE);
    // Of another method nothing else can be told.
    const faulty = TO_LIST.replace(
      '{ ',
      '{ fault: { abort: { grpcStatus: ABORTED, percentage: { value: 100 } } }, ',
    );
    expect(await toldOfCall({ live, dry: faulty })).toEqual(ROUTE);
  });

  it('say nothing of a call that would have been the same, by whatever path', async () => {
    expect(await toldOfCall({ live, dry: live })).toEqual([]);
    expect(await toldOfCall({ dry: live })).toEqual([]);
    const asked = `{ rewrite: { uriRegexRewrite: { match: ^/ask, rewrite: /hello/anything } }, ${TO_HELLO} }`;
    expect(await toldOfCall({ live: asked, dry: ASKED }, '/ask')).toEqual([]);
    expect(await toldOfCall({ live, dry: asked })).toEqual([]);
  });

  it('say what else they would have made of it', async () => {
    const fault = 'fault: { abort: { grpcStatus: ABORTED, percentage: { value: 100 } } }';
    const dry = `{ ${fault}, mirrors: [{ destination: { host: other } }], ${TO_HELLO} }`;
    const all = ['VirtualService dry fault', 'VirtualService dry mirror'];
    expect(await toldOfCall({ live, dry })).toEqual(all);
    expect(await toldOfCall({ dry })).toEqual(all);
    // The rules for processes hold for the call as long as the gateway's do not.
    expect(await toldOfCall({ dry, ofProcesses: CLOSED })).toEqual([...ROUTE, ...all]);
  });

  it.each<[string, string, string]>([
    [CLOSED, `{ ${TO_HELLO} }`, '/hello/anything'],
    [CLOSED, AWAY, '/'],
    [CLOSED, NEVER, '/'],
    [CLOSED, CLOSED.replace('closed', 'gone'), '/'],
    [AWAY, AWAY.replace('away', 'there'), '/'],
    [AWAY, AWAY.replace(' }', ', redirectCode: 308 }'), '/'],
    ['{ redirect: { prefixRewrite: /a } }', '{ redirect: { prefixRewrite: /b } }', '/'],
    [NEVER, CLOSED, '/hello/anything'],
    [NEVER, `{ ${TO_HELLO} }`, '/hello/anything'],
    [`{ ${TO_HELLO} }`, ASKED, '/ask'],
    [`{ ${TO_HELLO} }`, CLOSED, '/nowhere'],
  ])('say of what %s answers that %s would not have: %s', async (live, dry, path) => {
    const found = await find({ live, dry }, path);
    expect(found?.dryRunEvent).toMatchObject({ resource: 'VirtualService dry', effect: 'route' });
  });

  it.each<[string, string, string]>([
    [CLOSED, CLOSED, '/'],
    [AWAY, AWAY, '/'],
    ['{ redirect: { prefixRewrite: /a } }', '{ redirect: { prefixRewrite: /a } }', '/b'],
    [NEVER, NEVER, '/hello/anything'],
    // 404 all the same.
    [NEVER, `{ ${TO_HELLO} }`, '/nowhere'],
    [`{ ${TO_HELLO} }`, NEVER, '/nowhere'],
  ])('say nothing of what %s answers as %s does: %s', async (live, dry, path) => {
    const found = await find({ live, dry }, path);
    expect(found).toMatchObject({ dryRunEvent: undefined });
  });

  it('name the call that would have been made, else the request', async () => {
    const call = await find({ dry: ASKED }, '/ask');
    expect(call).toMatchObject({
      kind: 'dryRun',
      dryRunEvent: { service: { name: 'hello' }, method: '/hello.v1.Hello/Anything' },
    });
    await open?.close();
    const answered = await find({ live: AWAY, dry: CLOSED }, '/ask');
    expect(answered).toMatchObject({
      kind: 'rule',
      dryRunEvent: { service: { name: 'api.example.com' }, method: 'GET /ask' },
    });
    await open?.close();
    expect(await find({ dry: NEVER }, '/nowhere')).toMatchObject({ kind: 'dryRun', dryRunEvent: undefined });
    expect(told).toEqual([]);
  });

  it('are not asked for where there are none for the host', async () => {
    expect(await find({ ofProcesses: CLOSED })).toBeUndefined();
  });
});
