import { get } from 'node:http';
import { json } from 'node:stream/consumers';
import { createGateway, type GatewayOptions, type RunningGateway } from '@micromesh/gateway';
import { HelloService, helloHandlers } from '@micromesh/service-hello';
import { createMesh, type Mesh } from 'micromesh';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

let mesh: Mesh;
let gateway: RunningGateway | undefined;
let calls: number;

beforeEach(async () => {
  calls = 0;
  mesh = createMesh({ registry: 'memory:', logger: quiet });
  const anything = async () => {
    calls++;
    return { msg: 'done' };
  };
  await mesh
    .server('hello')
    .add(HelloService, { ...helloHandlers(), anything })
    .start({ drain: { lameDuckMs: 0, graceMs: 100 } });
});

afterEach(async () => {
  await gateway?.close();
  await mesh.close();
});

async function startGateway(options: Partial<GatewayOptions> = {}, listen = '127.0.0.1:0'): Promise<number> {
  const created = createGateway({ mesh, definitions: { hello: [HelloService] }, drainMs: 200, ...options });
  gateway = await created.start({ listen });
  return Number(gateway.address.replace(/^.*:/, ''));
}

/** A GET as a browser or curl sends it: fetch sets some of these headers itself. */
function send(port: number, headers: Record<string, string> = {}): Promise<{ code: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/hello/anything', headers }, (response) => {
      json(response).then((body) => resolve({ code: response.statusCode ?? 0, body }), reject);
    }).on('error', reject);
  });
}

describe('a gateway', () => {
  it.each<[string, Record<string, string>]>([
    ['curl', {}],
    ['curl by name', { host: 'localhost:8080' }],
    ['curl over IPv6', { host: '[::1]:8080' }],
    ['its own page', { host: 'localhost:8080', origin: 'http://localhost:8080' }],
    [
      'its own page behind a proxy that changes Host',
      { origin: 'https://a.example', 'sec-fetch-site': 'same-origin' },
    ],
    ['the address bar of a browser', { 'sec-fetch-site': 'none' }],
  ])('answers %s', async (_who, headers) => {
    expect(await send(await startGateway(), headers)).toEqual({ code: 200, body: { msg: 'done' } });
  });

  it.each<[string, Record<string, string>]>([
    ['a page of another site', { origin: 'http://evil.example' }],
    ['a page of another port', { host: 'localhost:8080', origin: 'http://localhost:3000' }],
    ['a page without a name', { origin: 'null' }],
    ['an image in a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page of a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['a name that was made to point here', { host: 'evil.example' }],
    ['such a name with its own page', { host: 'evil.example', origin: 'http://evil.example' }],
    ['a name that only looks like the loopback', { host: '127.0.0.1.evil.example:8080' }],
    ['a host that is none', { host: 'evil.example@localhost' }],
  ])('makes no call for %s', async (_who, headers) => {
    const { code, body } = await send(await startGateway(), headers);
    expect({ code, body, calls }).toEqual({
      ...{ code: 403, calls: 0 },
      body: {
        ...{ code: 7, status: 'PERMISSION_DENIED' },
        message: expect.stringMatching(/; to allow it, name it(s host)? in trustedHosts/),
      },
    });
  });

  it('makes no call for a POST that any page can send: without a body, or of no type', async () => {
    const url = `http://127.0.0.1:${await startGateway()}/hello/anything?name=x`;
    const answers = [
      await fetch(url, { method: 'POST' }),
      await fetch(url, { method: 'POST', body: '', headers: { 'content-type': 'text/plain' } }),
      await fetch(url, { method: 'POST', body: new Uint8Array() }),
    ];
    expect(answers.map((response) => response.status)).toEqual([415, 415, 415]);
    expect(calls).toBe(0);
  });

  it('answers pages of trusted hosts, and to their names', async () => {
    const port = await startGateway({ trustedHosts: ['App.example'] });
    expect(await send(port, { host: 'app.example' })).toMatchObject({ code: 200 });
    const origin = 'https://app.example:8443';
    expect(await send(port, { origin, 'sec-fetch-site': 'cross-site' })).toMatchObject({ code: 200 });
    expect(await send(port, { origin: 'https://other.example' })).toMatchObject({ code: 403 });
  });

  it('answers to any name where it listens for others', async () => {
    const port = await startGateway({}, '0.0.0.0:0');
    expect(await send(port, { host: 'api.example' })).toMatchObject({ code: 200 });
    expect(await send(port, { host: 'api.example', origin: 'http://evil.example' })).toMatchObject({
      code: 403,
    });
  });

  it('refuses a trusted host with a scheme or a port', () => {
    for (const host of ['https://app.example', 'app.example:80', '', '*']) {
      expect(() => createGateway({ mesh, definitions: {}, trustedHosts: [host] })).toThrow(
        `trustedHosts[0]: "${host}" is no name of a host; write it without scheme and port: api.example.com`,
      );
    }
  });
});
