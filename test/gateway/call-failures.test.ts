import { createGateway, type RunningGateway } from '@micromesh/gateway';
import { MemoryPolicies } from '@micromesh/policy';
import { HelloService, helloHandlers } from '@micromesh/service-hello';
import { createMesh, type Mesh } from 'micromesh';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
/** Of the inside: addresses, the registry, resources and nodes. */
const INSIDE = /\d\.\d|registry|memory|static|VirtualService|RateLimit|spec|node|hello-|Hello/;

let mesh: Mesh;
let gateway: RunningGateway;
let warned: { readonly fields: object; readonly message: string }[];

async function open(registry: string, policies: string): Promise<string> {
  const place = new MemoryPolicies([{ file: 'policies.yaml', text: policies }]);
  mesh = createMesh({ registry, logger: quiet, policies: [place] });
  const logger = { ...quiet, warn: (fields: object, message: string) => warned.push({ fields, message }) };
  const definitions = { hello: [HelloService] };
  const created = createGateway({ mesh, definitions, name: 'web', drainMs: 200, logger });
  gateway = await created.start({ listen: '127.0.0.1:0' });
  return `http://${gateway.address}`;
}

function rules(...all: readonly string[]): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec: { hosts: ["*"], gateways: [web], http: [${all.join(', ')}] }
`;
}

const TO_HELLO = 'route: [{ destination: { host: hello } }]';

const LIMIT = `---
apiVersion: micromesh.io/v1
kind: RateLimit
metadata: { name: shy }
spec: { host: hello, side: client, tokenBucket: { maxTokens: 1, fillInterval: 3600s } }
`;

interface Answer {
  readonly httpStatus: number;
  readonly body: unknown;
}

async function ask(url: string): Promise<Answer> {
  const response = await fetch(url, { headers: { 'grpc-timeout': '3S' } });
  return { httpStatus: response.status, body: await response.json() };
}

/** Serves hello with a handler that does nothing but call the one of another service. */
async function serveInFrontOf(service: string): Promise<void> {
  const further = mesh.client(HelloService, { service });
  await mesh
    .server('hello')
    .add(HelloService, { ...helloHandlers(), anything: (request) => further.anything(request) })
    .start({ drain: { lameDuckMs: 0, graceMs: 100 } });
}

const UNREACHABLE = {
  code: 14,
  status: 'UNAVAILABLE',
  message: 'the service cannot be reached now; try again later',
};

beforeEach(() => {
  warned = [];
});

afterEach(async () => {
  await gateway.close();
  await mesh.close();
});

describe('a call that the mesh itself ends', () => {
  it('tells clients nothing of a registry without nodes, and operators all', async () => {
    const url = await open('memory:', rules(`{ ${TO_HELLO} }`));
    expect(await ask(`${url}/hello/anything`)).toEqual({ httpStatus: 503, body: UNREACHABLE });
    expect(warned).toEqual([
      {
        fields: { reason: 'noNode', status: 'UNAVAILABLE', subject: '/hello.v1.Hello/Anything', alike: 0 },
        message: expect.stringMatching(
          /^gateway: 14 UNAVAILABLE: .*no node of hello is registered at memory/,
        ),
      },
    ]);
  });

  it('tells clients no address of a node that cannot be reached, in a stream neither', async () => {
    const url = await open('static:hello=127.0.0.1:1', rules(`{ ${TO_HELLO} }`));
    for (const path of ['/hello/anything', '/hello/list']) {
      const { httpStatus, body } = await ask(url + path);
      expect([503, 504]).toContain(httpStatus);
      expect(body).toMatchObject({ message: expect.not.stringMatching(INSIDE) });
    }
    expect(warned.map(({ message }) => message)).toEqual([
      expect.stringContaining('127.0.0.1:1'),
      expect.stringContaining('127.0.0.1:1'),
    ]);
  });

  it('does not fill the log under load', async () => {
    const url = await open('memory:', rules(`{ ${TO_HELLO} }`));
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 200 }, () => ask(`${url}/hello/anything`)));
    const seconds = (performance.now() - startedAt) / 1000;
    expect(warned.length).toBeGreaterThan(0);
    expect(warned.length).toBeLessThanOrEqual(1 + seconds);
  });

  it('keeps the HTTP status of a fault, and names no resource', async () => {
    const fault = '{ abort: { httpStatus: 418, percentage: { value: 100 } } }';
    const url = await open('memory:', rules(`{ fault: ${fault}, ${TO_HELLO} }`));
    const { httpStatus, body } = await ask(`${url}/hello/anything`);
    expect(httpStatus).toBe(418);
    expect(body).toMatchObject({ message: expect.not.stringMatching(INSIDE) });
    expect(warned).toMatchObject([{ fields: { reason: 'fault' }, message: expect.stringContaining('web') }]);
  });

  it('names no resource that refuses a call, or takes none', async () => {
    const match = 'match: [{ uri: { exact: /hello/anything } }]';
    const url = await open('memory:', rules(`{ ${match}, ${TO_HELLO} }`) + LIMIT);
    await mesh
      .server('hello')
      .add(HelloService, helloHandlers())
      .start({ drain: { lameDuckMs: 0, graceMs: 100 } });
    expect(await ask(`${url}/hello/anything`)).toMatchObject({ httpStatus: 200 });
    expect(await ask(`${url}/hello/anything`)).toEqual({
      httpStatus: 429,
      body: {
        code: 8,
        status: 'RESOURCE_EXHAUSTED',
        message: 'there are too many requests now; try again later',
      },
    });
    expect(await ask(`${url}/hello/list`)).toEqual({
      httpStatus: 404,
      body: { code: 5, status: 'NOT_FOUND', message: 'no rule takes GET /hello/list' },
    });
    expect(warned).toMatchObject([
      { fields: { reason: 'rateLimit' }, message: expect.stringContaining('RateLimit shy') },
      {
        fields: { reason: 'route', subject: 'VirtualService web' },
        message: expect.stringContaining('add a rule without a match as the last one'),
      },
    ]);
  });

  it('tells clients nothing of a call that a handler made, either', async () => {
    const url = await open('memory:', rules(`{ ${TO_HELLO} }`));
    await serveInFrontOf('further');
    expect(await ask(`${url}/hello/anything`)).toEqual({ httpStatus: 503, body: UNREACHABLE });
    expect(warned).toEqual([
      {
        fields: { reason: 'noNode', status: 'UNAVAILABLE', subject: '/hello.v1.Hello/Anything', alike: 0 },
        message: expect.stringContaining('no node of further is registered at memory'),
      },
    ]);
  });

  it('names no resource whose faults are those of attempts', async () => {
    const fault = '{ abort: { httpStatus: 418, percentage: { value: 100 } } }';
    const text = rules(`{ fault: ${fault}, ${TO_HELLO} }`);
    const annotated = text.replace(
      'name: web',
      'name: web, annotations: { micromesh.io/fault-scope: attempt }',
    );
    const url = await open('memory:', annotated);
    await serveInFrontOf('further');
    expect(await ask(`${url}/hello/anything`)).toEqual({
      httpStatus: 500,
      body: { code: 2, status: 'UNKNOWN', message: 'the call failed' },
    });
    expect(warned).toMatchObject([{ fields: { reason: 'fault' }, message: expect.stringContaining('web') }]);
  });

  it.each([
    ['hello', ''],
    ['further', ', through a handler too'],
  ])("passes on an operator's answer for the calls of processes to %s%s", async (host) => {
    const closed = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: closed }
spec: { hosts: [${host}], http: [{ directResponse: { status: 503, body: { string: closed until five } } }] }
`;
    const url = await open('memory:', closed);
    if (host !== 'hello') await serveInFrontOf(host);
    expect(await ask(`${url}/hello/anything`)).toEqual({
      httpStatus: 503,
      body: { code: 14, status: 'UNAVAILABLE', message: 'closed until five' },
    });
    expect(warned).toEqual([]);
  });
});
