import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { createGateway, type GatewayOptions, type RunningGateway } from '@micromesh/gateway';
import { type HelloHandlers, HelloService, helloHandlers } from '@micromesh/service-hello';
import { UserService, userHandlers } from '@micromesh/service-user';
import { ConfigError, createMesh, type Mesh, RpcError } from 'micromesh';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from '../generator/fixture.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

let mesh: Mesh;
let gateway: RunningGateway | undefined;

beforeEach(() => {
  mesh = createMesh({ registry: 'memory:', logger: quiet });
});

afterEach(async () => {
  await gateway?.close();
  await mesh.close();
});

async function serveHello(handlers: Partial<HelloHandlers> = {}): Promise<void> {
  await mesh
    .server('hello')
    .add(HelloService, { ...helloHandlers(), ...handlers })
    .start({ drain: { lameDuckMs: 0, graceMs: 100 } });
}

async function startGateway(options: Partial<GatewayOptions> = {}): Promise<string> {
  gateway = await createGateway({
    mesh,
    definitions: { user: [UserService], hello: [HelloService] },
    drainMs: 200,
    ...options,
  }).start({ listen: '127.0.0.1:0' });
  return `http://${gateway.address}`;
}

function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a gateway', () => {
  it('answers GET /user/test through user and hello', async () => {
    await serveHello();
    await mesh
      .server('user')
      .add(UserService, userHandlers(mesh.client(HelloService, { service: 'hello' })))
      .start({ drain: { lameDuckMs: 0, graceMs: 100 } });
    const response = await fetch(`${await startGateway()}/user/test`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.text()).toBe('{"msg":"Hello xuxu"}');
  });

  it('takes fields from a query and from JSON', async () => {
    await serveHello();
    const url = `${await startGateway()}/hello/anything`;
    expect(await (await fetch(`${url}?name=ann&id=1`)).json()).toEqual({ msg: 'Hello ann' });
    expect(await (await post(url, '{"name":"bob"}')).json()).toEqual({ msg: 'Hello bob' });
    expect(await (await post(`${url}?name=eve`, '')).json()).toEqual({ msg: 'Hello eve' });
  });

  it('takes a second question mark for a part of the query', async () => {
    await serveHello();
    const response = await fetch(`${await startGateway()}/hello/anything?name=what?else&id=1?`);
    expect(await response.json()).toEqual({ msg: 'Hello what?else' });
  });

  it('sends the responses of a stream as lines, as they come', async () => {
    await serveHello();
    const response = await fetch(`${await startGateway()}/hello/list?count=3`);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(await response.text()).toBe(
      '{"msg":"Hello number 1"}\n{"msg":"Hello number 2"}\n{"msg":"Hello number 3"}\n',
    );
  });

  it('tells an error of a stream by status before the first message, and by the last line after it', async () => {
    const refusal = new RpcError(status.RESOURCE_EXHAUSTED, 'enough');
    await serveHello({
      async *list({ count }) {
        for (let sent = 0; sent < count; sent++) yield { msg: 'one' };
        throw refusal;
      },
    });
    const url = `${await startGateway()}/hello/list`;
    expect((await fetch(url)).status).toBe(429);
    const body = { code: 8, status: 'RESOURCE_EXHAUSTED', message: 'enough' };
    const text = await (await fetch(`${url}?count=1`)).text();
    expect(text).toBe(`{"msg":"one"}\n${JSON.stringify({ error: body })}\n`);
  });

  it('refuses methods that take a stream, and says how to call them', async () => {
    const response = await fetch(`${await startGateway()}/hello/collect`);
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({
      status: 'UNIMPLEMENTED',
      message:
        '/hello.v1.Hello/Collect takes a stream of requests, which HTTP with JSON cannot send; call it by gRPC',
    });
  });

  it('maps the status of a call, with the server’s words', async () => {
    await serveHello({
      anything: async () => {
        throw new RpcError(status.NOT_FOUND, 'no such name');
      },
    });
    const response = await fetch(`${await startGateway()}/hello/anything`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ code: 5, status: 'NOT_FOUND', message: 'no such name' });
  });

  it('passes a grpc-timeout on, and answers 504 when it has passed', async () => {
    let remaining = Number.POSITIVE_INFINITY;
    await serveHello({
      anything: async (_request, { remainingMs, signal }) => {
        remaining = remainingMs();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return { msg: 'late' };
      },
    });
    const base = await startGateway();
    // The connection is not to be part of the time.
    await (await fetch(`${base}/hello/list?count=1`)).text();
    const url = `${base}/hello/anything`;
    const response = await fetch(url, { headers: { 'grpc-timeout': '500m' } });
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({
      status: 'DEADLINE_EXCEEDED',
      message: 'the service did not answer in time',
    });
    expect(remaining).toBeLessThanOrEqual(500);
    const wrong = await fetch(url, { headers: { 'grpc-timeout': 'soon' } });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({
      message: expect.stringContaining('grpc-timeout: "soon" is no timeout'),
    });
  });

  it('cancels the call when its client goes', async () => {
    let entered = false;
    let cancelled = false;
    await serveHello({
      anything: async (_request, { signal }) => {
        entered = true;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        cancelled = true;
        return { msg: '' };
      },
    });
    const url = `${await startGateway()}/hello/anything`;
    const client = new AbortController();
    const request = fetch(url, { signal: client.signal }).catch((error: unknown) => error);
    await until(() => entered);
    client.abort();
    await request;
    await until(() => cancelled);
  });

  it('ends a stream when its client goes', async () => {
    let ended = false;
    await serveHello({
      async *list() {
        try {
          for (;;) {
            yield { msg: 'x'.repeat(1000) };
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          ended = true;
        }
      },
    });
    const client = new AbortController();
    const response = await fetch(`${await startGateway()}/hello/list`, { signal: client.signal });
    await response.body?.getReader().read();
    client.abort();
    await until(() => ended);
  });
});

describe('a gateway that cannot read a request', () => {
  it.each([
    ['/hello/anythin', 'there is no route /hello/anythin; did you mean /hello/anything?'],
    [
      '/nowhere/at/all',
      'there is no route /nowhere/at/all; the routes are /hello/anything, /hello/chat, /hello/collect, /hello/list, /user/test; GET with a query, or POST JSON',
    ],
    ['/', 'there is no route /; the routes are /hello/anything,'],
    ['/%41', 'there is no route /%41'],
  ])('answers 404 to %s and names what there is', async (path, message) => {
    const response = await fetch((await startGateway()) + path);
    expect(response.status).toBe(404);
    const body: unknown = await response.json();
    expect(body).toEqual({ code: 5, status: 'NOT_FOUND', message: expect.stringContaining(message) });
  });

  it('answers 400 to a path that is none', async () => {
    const response = await fetch(`${await startGateway()}/%zz`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ status: 'INVALID_ARGUMENT' });
  });

  it('answers 400 to bad JSON and names the field', async () => {
    const url = `${await startGateway()}/hello/anything`;
    const unknown = await post(url, '{"nme":"x"}');
    expect(unknown.status).toBe(400);
    expect(await unknown.json()).toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: expect.stringContaining('"nme"'),
    });
    const wrong = await post(url, '{"name":5}');
    expect(await wrong.json()).toMatchObject({
      message: expect.stringContaining('hello.v1.AnythingRequest.name'),
    });
    expect((await post(url, '{')).status).toBe(400);
    expect((await post(`${url}?id=1`, '{"name":"x"}')).status).toBe(400);
  });

  it('answers 413 to a body over the limit, 415 to what is no JSON, 405 to other methods', async () => {
    const url = `${await startGateway({ bodyLimitBytes: 100 })}/hello/anything`;
    const large = await post(url, JSON.stringify({ name: 'x'.repeat(200) }));
    expect(large.status).toBe(413);
    expect(await large.json()).toMatchObject({ message: 'the body is over 100 bytes' });
    const form = await post(url, 'name=x', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(form.status).toBe(415);
    expect(await form.json()).toMatchObject({ message: 'send JSON, with content-type: application/json' });
    for (const method of ['PUT', 'DELETE', 'HEAD']) {
      const other = await fetch(url, { method });
      expect([method, other.status, other.headers.get('allow')]).toEqual([method, 405, 'GET, POST']);
    }
  });
});

describe('closing a gateway', () => {
  it('answers what is under way, and takes nothing new', async () => {
    let finish = () => {};
    let entered = false;
    await serveHello({
      anything: async () => {
        entered = true;
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return { msg: 'done' };
      },
    });
    const url = `${await startGateway({ drainMs: 5_000 })}/hello/anything`;
    const response = fetch(url);
    await until(() => entered);
    const closed = gateway?.close();
    const refused = await fetch(url).catch(() => 'refused');
    expect(refused instanceof Response ? refused.status : refused).toBe('refused');
    finish();
    expect(await (await response).json()).toEqual({ msg: 'done' });
    await closed;
  });

  it('cancels what takes longer than drainMs', async () => {
    let entered = false;
    await serveHello({
      anything: async (_request, { signal }) => {
        entered = true;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return { msg: '' };
      },
    });
    const url = `${await startGateway({ drainMs: 50 })}/hello/anything`;
    const response = fetch(url);
    await until(() => entered);
    await gateway?.close();
    expect((await response).status).toBe(499);
  });

  it('is done at once where nothing is under way, with used and unused connections open', async () => {
    await serveHello();
    const url = new URL(`${await startGateway({ drainMs: 60_000 })}/hello/anything`);
    await (await fetch(url)).text();
    const unused = connect(Number(url.port), url.hostname);
    await once(unused, 'connect');
    await (await fetch(url)).text();
    await gateway?.close();
    await gateway?.close();
    await once(unused.resume(), 'close');
  });
});

describe('createGateway', () => {
  it('names the port that is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    // A TCP server's address has a port.
    const { port } = other.address() as AddressInfo;
    try {
      const starting = createGateway({ mesh, definitions: { hello: [HelloService] } }).start({
        listen: `127.0.0.1:${port}`,
      });
      await expect(starting).rejects.toThrow(
        `listen: "127.0.0.1:${port}" is in use; choose another port, or end what listens there`,
      );
    } finally {
      other.close();
    }
  });

  it('puts the namespace before names in the registry, as go-micro does', async () => {
    await mesh
      .server('shop-hello')
      .add(HelloService, helloHandlers())
      .start({ drain: { lameDuckMs: 0, graceMs: 100 } });
    const asked: unknown[] = [];
    const spy: GatewayOptions['mesh'] = {
      client(definition, options) {
        asked.push(options?.service);
        return mesh.client(definition, { ...options, service: 'shop-hello' });
      },
    };
    const url = await startGateway({ mesh: spy, namespace: 'go.micro.api' });
    expect((await fetch(`${url}/hello/anything`)).status).toBe(200);
    expect(asked).toEqual(['go.micro.api.hello']);
  });

  it('refuses unknown options, definitions without descriptors, and two services of one path', () => {
    const misspelt = { mesh, definitions: {}, bodyLimitByte: 5 };
    expect(() => createGateway(misspelt)).toThrow('did you mean bodyLimitBytes?');
    const loaded = loadSync('user/v1/user.proto', { includeDirs: [`${ROOT}/proto`] })['user.v1.User'];
    if (loaded === undefined || 'format' in loaded) throw new Error('no service');
    expect(() => createGateway({ mesh, definitions: { user: [loaded] } })).toThrow(
      'definitions: "user.v1.User" carries no descriptors, which JSON needs; give the constant that `micromesh generate` writes',
    );
    expect(() => createGateway({ mesh, definitions: { hello: [HelloService, HelloService] } })).toThrow(
      'has the same path as /hello.v1.Hello/Anything',
    );
  });

  it('refuses a service that is not in a list, as plain JavaScript may give it', () => {
    // @ts-expect-error TypeScript refuses it, too.
    const create = () => createGateway({ mesh, definitions: { hello: HelloService } });
    expect(create).toThrow(ConfigError);
    expect(create).toThrow('is no list; write the proto services of hello in brackets: { hello: [Service] }');
  });

  it('lists its paths', () => {
    const { paths } = createGateway({
      mesh,
      definitions: { user: [UserService], shop: [HelloService], 'v1.hello': [HelloService] },
    });
    expect(paths).toContain('/user/test');
    expect(paths).toContain('/shop/hello/anything');
    expect(paths).toContain('/v1/hello/anything');
  });
});
