import { status } from '@grpc/grpc-js';
import { RpcError } from 'micromesh';
import { describe, expect, it } from 'vitest';
import { gatewayWorld, proves, TO_HELLO } from './gateway-world.js';

const world = gatewayWorld();

describe('a call by a rule of the gateway', () => {
  proves(['HTTPRewrite.uri'], 'finds its method by the rewritten path, and goes to the subset', async () => {
    const w = world();
    await w.serve('1');
    await w.serve('2');
    w.apply(
      {
        file: 'web.yaml',
        text: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  hosts: ["*"]
  gateways: [web]
  http:
    - match: [{ uri: { prefix: /greet/ } }]
      rewrite: { uri: /hello/ }
      route: [{ destination: { host: hello, subset: v2 }, headers: { response: { set: { x-version: "2" } } } }]
    - match: [{ uri: { prefix: /shops/ } }]
      rewrite: { uriRegexRewrite: { match: "^/shops/([a-z]+)/hi$", rewrite: '/hello/\\1' } }
      route: [{ destination: { host: hello, subset: v1 } }]
`,
      },
      {
        // For the calls of processes: none of the gateway's.
        file: 'mesh.yaml',
        text: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: hello }
spec: { hosts: [hello], http: [{ directResponse: { status: 503 } }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec: { host: hello, subsets: [{ name: v1, labels: { version: "1" } }, { name: v2, labels: { version: "2" } }] }
`,
      },
    );
    await w.open();
    for (let call = 0; call < 5; call++) {
      const answer = await w.get('/greet/anything?name=a');
      expect(answer).toMatchObject({ code: 200, text: '{"msg":"2 a"}' });
      expect(answer.headers['x-version']).toBe('2');
      expect((await w.post('/shops/anything/hi', '{"name":"b"}')).text).toBe('{"msg":"1 b"}');
    }
  });

  it('has the time-out of the rule', async () => {
    const w = world();
    await w.serve(
      '1',
      (_request, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)),
    );
    w.rules(`{ timeout: 50ms, ${TO_HELLO} }`);
    await w.open();
    const answer = await w.get('/hello/anything?name=a', { 'grpc-timeout': '10S' });
    expect(answer.code).toBe(504);
  });

  it('has the retries of the rule', async () => {
    const w = world();
    for (const version of ['1', '2', '3', '4']) {
      await w.serve(version, async () => {
        if (w.reached.length < 4) throw new RpcError(status.RESOURCE_EXHAUSTED, 'busy');
        return { msg: 'done' };
      });
    }
    w.rules(`{ retries: { attempts: 3, retryOn: resource-exhausted, backoff: 1ms }, ${TO_HELLO} }`);
    await w.open();
    expect(await w.get('/hello/anything?name=a')).toMatchObject({ code: 200, text: '{"msg":"done"}' });
    expect(w.reached.length).toBe(4);
  });

  it('has the fault of the rule, with the HTTP status that it says', async () => {
    const w = world();
    await w.serve();
    w.rules(`{ fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }, ${TO_HELLO} }`);
    await w.open();
    const answer = await w.get('/hello/anything?name=a');
    expect(answer.code).toBe(418);
    expect(JSON.parse(answer.text)).toMatchObject({ code: status.UNKNOWN });
    expect(w.reached).toEqual([]);
  });

  it('has its headers edited, and the response those that the rule edits', async () => {
    const w = world();
    await w.serve('1', async (_request, { header }) => {
      header.set('x-node', 'secret');
      header.set('x-both', 'node');
      return { msg: 'ok' };
    });
    w.rules(
      `{ ${TO_HELLO}, headers: { request: { set: { x-in: "1" }, remove: [x-out] }, response: { set: { x-set: a }, add: { x-both: rule } } } }`,
    );
    await w.open();
    const { code, headers, text } = await w.get('/hello/anything?name=a', { 'x-out': 'gone', 'x-kept': 'k' });
    expect([code, text]).toEqual([200, '{"msg":"ok"}']);
    expect(w.seen?.metadata.get('x-in')).toEqual(['1']);
    expect(w.seen?.metadata.get('x-out')).toEqual([]);
    expect(w.seen?.metadata.get('x-kept')).toEqual(['k']);
    expect(headers).toMatchObject({ 'x-set': 'a', 'x-both': 'node, rule' });
    expect(headers).not.toHaveProperty('x-node');
  });

  it('has the headers of a server that answers with a status alone edited too', async () => {
    const w = world();
    await w.serve('1', async () => {
      throw new RpcError(status.NOT_FOUND, 'nobody');
    });
    w.rules(`{ ${TO_HELLO}, headers: { response: { set: { x-set: a } } } }`);
    await w.open();
    const answer = await w.get('/hello/anything?name=a');
    expect(answer.code).toBe(404);
    expect(answer.headers['x-set']).toBe('a');
  });
});

describe('what is handed on of a request', () => {
  it('is its headers, its addresses and its path, not what is of HTTP or the mesh', async () => {
    const w = world();
    await w.serve();
    await w.open();
    await w.send('/hello/anything?name=a%20b', {
      headers: {
        'x-user': 'ann',
        cookie: 'a=1',
        authorization: 'Bearer x',
        'x-forwarded-for': '203.0.113.7',
        'x-envoy-original-path': '/lie',
        'grpc-timeout': '5S',
        'grpc-tags-bin': 'AAAA',
        'micromesh-sent-at': '1',
        'micromesh-other': '1',
        'x-good-bin': 'AQI=',
        'x-bad-bin': 'not base64!',
        connection: 'close, x-hop',
        'x-hop': '1',
        referer: 'http://127.0.0.1/',
        'accept-language': 'en',
        'proxy-authorization': 'x',
        'idempotency-key': 'order-17',
      },
    });
    const metadata = w.seen?.metadata.getMap() ?? {};
    expect(metadata).toMatchObject({
      'x-user': 'ann',
      cookie: 'a=1',
      authorization: 'Bearer x',
      'x-forwarded-for': '203.0.113.7, 127.0.0.1',
      'x-envoy-original-path': '/hello/anything?name=a%20b',
      'x-good-bin': Buffer.from([1, 2]),
    });
    for (const name of [
      'x-bad-bin',
      'idempotency-key',
      'x-hop',
      'referer',
      'accept-language',
      'proxy-authorization',
      'host',
    ])
      expect(metadata, name).not.toHaveProperty(name);
    expect(metadata['micromesh-sent-at']).not.toBe('1');
    for (const name of ['grpc-tags-bin', 'micromesh-other']) expect(metadata).not.toHaveProperty(name);
  });

  it('is no field that a rule looks at as well: that still has one place', async () => {
    const w = world();
    await w.serve();
    w.rules(`{ match: [{ queryParams: { name: {} } }], ${TO_HELLO} }`, `{ ${TO_HELLO} }`);
    await w.open();
    expect((await w.post('/hello/anything?name=b', '{"name":"a"}')).code).toBe(400);
    expect(JSON.parse((await w.get('/hello/anything?name=b')).text)).toEqual({ msg: '1 b' });
  });

  it('is refused with 431 where no server would take it', async () => {
    const w = world();
    await w.serve();
    await w.open();
    const many = Object.fromEntries(Array.from({ length: 97 }, (_, index) => [`x-${index}`, 'y']));
    const answer = await w.get('/hello/anything?name=a', many);
    expect(answer.code).toBe(431);
    expect(w.reached).toEqual([]);
    const { 'x-0': _, ...fewer } = many;
    expect((await w.get('/hello/anything?name=a', fewer)).code).toBe(200);
  });

  it.each<[string, string, (key: string) => { path: string; headers: Record<string, string> }]>([
    [
      'a query parameter',
      'httpQueryParameterName: user',
      (key) => ({ path: `/hello/anything?user=${key}`, headers: {} }),
    ],
    [
      'the address of its client',
      'useSourceIp: true',
      (key) => ({ path: '/hello/anything', headers: { 'x-forwarded-for': key } }),
    ],
    [
      'a header',
      'httpHeaderName: x-user',
      (key) => ({ path: '/hello/anything', headers: { 'x-user': key } }),
    ],
    [
      'a cookie',
      'httpCookie: { name: user, ttl: 0s }',
      (key) => ({ path: '/hello/anything', headers: { cookie: `user=${key}` } }),
    ],
  ])('places a call by %s', async (_what, hash, requestOf) => {
    const w = world();
    for (const version of ['1', '2', '3', '4', '5']) await w.serve(version);
    w.apply({
      file: 'hash.yaml',
      text: `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec: { host: hello, trafficPolicy: { loadBalancer: { consistentHash: { ${hash} } } } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec: { hosts: ["*"], gateways: [web], http: [{ ${TO_HELLO} }] }
`,
    });
    await w.open();
    const callBy = async (key: string) => {
      const { path, headers } = requestOf(key);
      expect(await w.post(path, '{"name":"a"}', headers)).toMatchObject({ code: 200 });
    };
    // A node that is not connected yet is passed over.
    for (let key = 0; new Set(w.reached).size < 5; key++) await callBy(`198.51.100.${key}`);
    const nodes = new Set<string>();
    // So many that they are not all placed on two of the five by chance.
    for (let key = 0; key < 40; key++) {
      w.reached = [];
      for (let call = 0; call < 4; call++) await callBy(`203.0.113.${key}`);
      expect(new Set(w.reached).size, `key ${key}: ${w.reached}`).toBe(1);
      nodes.add(w.reached[0] ?? '');
    }
    expect(nodes.size).toBeGreaterThan(2);
  });
});
