import { status } from '@grpc/grpc-js';
import { type DryRunEvent, events, RpcError } from 'micromesh';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gatewayWorld, TO_HELLO } from './gateway-world.js';

const PAGE = 'https://page.example';
const HELLO = { service: { name: 'hello' }, method: '/hello.v1.Hello/Anything' };
const world = gatewayWorld();

/** Rules for the gateway `web`, in flow style. */
function rules(name: 'live' | 'dry', ...all: readonly string[]): string {
  const annotations = name === 'dry' ? ', annotations: { micromesh.io/dry-run: "true" }' : '';
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}${annotations} }
spec: { hosts: ["*"], gateways: [web], http: [${all.join(', ')}] }
---
`;
}

describe('rules of a gateway in dry-run', () => {
  let told: DryRunEvent[] = [];
  let off = () => {};
  beforeEach(() => {
    told = [];
    off = events.dryRun.subscribe((event) => told.push(event));
  });
  afterEach(() => off());

  const apply = (...texts: readonly string[]) => world().apply({ file: 'web.yaml', text: texts.join('') });

  it('count what they would have made of calls under a rule in force, and have no effect', async () => {
    const w = world();
    await w.serve('1', async () => {
      throw new RpcError(status.INTERNAL, 'broken');
    });
    const subsets = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec: { host: hello, subsets: [{ name: v2, labels: { version: "2" } }] }
`;
    apply(
      rules('live', `{ match: [{ uri: { prefix: /hello/ } }], ${TO_HELLO} }`),
      rules(
        'dry',
        '{ retries: { attempts: 2, retryOn: internal }, fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }, mirrors: [{ destination: { host: other } }], route: [{ destination: { host: hello, subset: v2 } }] }',
      ),
      subsets,
    );
    await w.open();
    for (let call = 0; call < 2; call++) {
      expect((await w.post('/hello/anything', '{"name":"a"}', { 'grpc-timeout': '5S' })).code).toBe(500);
    }
    const counts = w.mesh.dryRun().map(({ resource, effect, count }) => `${resource} ${effect} ${count}`);
    expect(counts.sort()).toEqual(
      ['fault', 'mirror', 'retry', 'route'].map((effect) => `VirtualService dry ${effect} 2`),
    );
    for (const event of told) expect(event).toMatchObject(HELLO);
  });

  it('count where there are none in force: calls go by their paths, and tell', async () => {
    const w = world();
    await w.serve();
    apply(rules('dry', `{ timeout: 30s, ${TO_HELLO} }`));
    await w.open();
    expect((await w.get('/hello/anything?name=a')).text).toBe('{"msg":"1 a"}');
    expect(w.mesh.dryRun()).toEqual([]);
    apply(rules('dry', '{ directResponse: { status: 503 } }'));
    expect((await w.get('/hello/anything?name=a')).text).toBe('{"msg":"1 a"}');
    expect(told).toEqual([{ ...HELLO, resource: 'VirtualService dry', effect: 'route' }]);
  });

  it('count the requests that they would have made calls of, or answered otherwise', async () => {
    const w = world();
    await w.serve();
    const greet = `{ match: [{ uri: { prefix: /greet/ } }], rewrite: { uri: /hello/ }, ${TO_HELLO} }`;
    apply(rules('dry', greet, `{ ${TO_HELLO} }`));
    await w.open();
    expect((await w.get('/greet/anything?name=a')).code).toBe(404);
    expect((await w.get('/nowhere')).code).toBe(404);
    // Whatever its way would be.
    expect((await w.send('/greet/anything', { method: 'POST', body: 'x' })).code).toBe(415);
    expect((await w.send('/greet/anything', { method: 'PUT' })).code).toBe(405);
    apply(rules('live', '{ directResponse: { status: 503 } }'), rules('dry', greet));
    expect((await w.post('/greet/anything', '{"name":"a"}')).code).toBe(503);
    expect((await w.get('/other')).code).toBe(503);
    expect(w.reached).toEqual([]);
    const route = { resource: 'VirtualService dry', effect: 'route' };
    const other = { ...route, service: { name: '127.0.0.1' }, method: 'GET /other' };
    expect(told).toEqual([{ ...route, ...HELLO }, { ...route, ...HELLO }, other]);
  });

  it('say nothing of preflights and of pages that the gateway refuses', async () => {
    const w = world();
    const cors = `corsPolicy: { allowOrigins: [{ exact: "${PAGE}" }] }`;
    const closed = '{ directResponse: { status: 403 } }';
    apply(rules('live', `{ ${cors}, redirect: { uri: /away } }`), rules('dry', closed));
    await w.open();
    const preflight = { origin: PAGE, 'access-control-request-method': 'GET' };
    expect((await w.send('/a', { method: 'OPTIONS', headers: preflight })).code).toBe(200);
    expect((await w.get('/a', { origin: 'https://other.example' })).code).toBe(403);
    expect(told).toEqual([]);
    expect((await w.get('/a', { origin: PAGE })).code).toBe(301);
    expect(told.length).toBe(1);
  });
});
