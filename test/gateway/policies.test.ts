import { readdirSync, readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { createGateway, type GatewayOptions } from '@micromesh/gateway';
import { describe, expect, it } from 'vitest';
import { gatewayWorld, proves, TO_HELLO } from './gateway-world.js';

const PAGE = 'https://page.example';
const world = gatewayWorld();

describe('a redirect at the gateway', () => {
  proves(['HTTPRoute.redirect', 'HTTPRedirect.uri'], 'names another path, and keeps the query', async () => {
    const w = world();
    w.rules('{ redirect: { uri: /new } }');
    await w.open();
    const answer = await w.get('/old/path?a=1&b=%20');
    expect(answer).toMatchObject({ code: 301, text: '' });
    expect(answer.headers.location).toBe(`http://127.0.0.1:${w.port}/new?a=1&b=%20`);
    expect(w.reached).toEqual([]);
  });

  proves(
    [
      'HTTPRedirect.redirectCode',
      'HTTPRedirect.authority',
      'HTTPRedirect.scheme',
      'HTTPRedirect.prefixRewrite',
    ],
    'names a status, a host, a scheme and what takes the place of the prefix',
    async () => {
      const w = world();
      w.rules(
        '{ match: [{ uri: { prefix: /v1/ } }], redirect: { prefixRewrite: /v2/, authority: b.example, scheme: https, redirectCode: 308 } }',
        `{ ${TO_HELLO} }`,
      );
      await w.open();
      const answer = await w.send('/v1/hello?x', { method: 'PUT' });
      expect(answer.code).toBe(308);
      expect(answer.headers.location).toBe('https://b.example/v2/hello?x');
    },
  );

  proves(
    ['HTTPRedirect.port', 'HTTPRedirect.derivePort'],
    'names a port, or takes that of the request',
    async () => {
      const w = world();
      w.rules(
        '{ match: [{ uri: { exact: /a } }], redirect: { port: 8443, scheme: https } }',
        '{ redirect: { derivePort: FROM_REQUEST_PORT, authority: b.example } }',
      );
      await w.open();
      expect((await w.get('/a')).headers.location).toBe('https://127.0.0.1:8443/a');
      expect((await w.get('/b')).headers.location).toBe(`http://b.example:${w.port}/b`);
    },
  );
});

describe('a direct response at the gateway', () => {
  proves(
    ['HTTPDirectResponse.status', 'HTTPBody.string', 'HTTPBody.bytes', 'HTTPRoute.directResponse'],
    'has its status and its body, as text or as JSON, and the headers that the rule sets',
    async () => {
      const w = world();
      w.rules(
        '{ match: [{ uri: { exact: /text } }], directResponse: { status: 418, body: { string: tea } }, headers: { response: { set: { x-made: up }, add: { x-made: more } } } }',
        `{ match: [{ uri: { exact: /json } }], directResponse: { status: 200, body: { string: '{"a":1}' } } }`,
        `{ match: [{ uri: { exact: /bytes } }], directResponse: { status: 503, body: { bytes: ${Buffer.from('zzz').toString('base64')} } } }`,
        '{ directResponse: { status: 403 } }',
      );
      await w.open();
      const tea = await w.get('/text');
      expect(tea).toMatchObject({ code: 418, text: 'tea' });
      expect(tea.headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'x-made': 'up, more',
      });
      const json = await w.post('/json', '{}');
      expect(json).toMatchObject({ code: 200, text: '{"a":1}' });
      expect(json.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(await w.get('/bytes')).toMatchObject({ code: 503, text: 'zzz' });
      expect(await w.send('/other', { method: 'DELETE' })).toMatchObject({ code: 403, text: '' });
    },
  );
});

describe('the rules of a gateway', () => {
  proves(
    ['VirtualService.gateways'],
    'hold for the gateway of that name alone, and end with 404',
    async () => {
      const w = world();
      await w.serve();
      w.rulesOf(
        { gateways: 'web', hosts: '"*"' },
        `{ match: [{ uri: { exact: /hello/anything } }], ${TO_HELLO} }`,
      );
      await w.open();
      expect((await w.get('/hello/anything?name=a')).text).toBe('{"msg":"1 a"}');
      const refused = await w.get('/hello/list?count=1');
      expect(refused.code).toBe(404);
      expect(JSON.parse(refused.text)).toEqual({
        code: status.NOT_FOUND,
        status: 'NOT_FOUND',
        message: 'no rule takes GET /hello/list',
      });
      for (const name of [{}, { name: 'other' }]) {
        await w.openUnnamed(name);
        expect((await w.get('/hello/list?count=1')).code).toBe(200);
      }
    },
  );

  proves(['VirtualService.hosts'], 'leave a host alone that has none', async () => {
    const w = world();
    await w.serve();
    w.rulesOf({ gateways: 'web', hosts: 'api.example.com' }, '{ directResponse: { status: 403 } }');
    await w.open({ trustedHosts: ['api.example.com'] });
    expect((await w.get('/hello/anything?name=a')).code).toBe(200);
    expect((await w.get('/hello/anything?name=a', { host: 'api.example.com:80' })).code).toBe(403);
    for (const host of ['API.example.com', 'api.example.com.', 'api.example.com:'])
      expect((await w.get('/hello/anything?name=a', { host })).code, host).toBe(403);
    // Written by the client, like all of it: what is for another port lets nobody past.
    w.rulesOf(
      { gateways: 'web', hosts: 'api.example.com' },
      '{ match: [{ port: 80 }], directResponse: { status: 403 } }',
    );
    expect((await w.get('/hello/anything?name=a', { host: 'api.example.com:81' })).code).toBe(404);
  });

  it('are found anew in each version, and not by a path with more slashes', async () => {
    const w = world();
    await w.serve();
    const closed = '{ match: [{ uri: { prefix: /hello/any } }], directResponse: { status: 403 } }';
    w.rules(closed, `{ ${TO_HELLO} }`);
    await w.open();
    expect((await w.get('//hello///anything?name=a')).code).toBe(403);
    w.rules(`{ ${TO_HELLO} }`);
    expect((await w.get('//hello///anything?name=a')).code).toBe(200);
  });

  proves(
    [
      'HTTPMatchRequest.uri',
      'HTTPMatchRequest.scheme',
      'HTTPMatchRequest.method',
      'HTTPMatchRequest.queryParams',
      'HTTPMatchRequest.authority',
      'HTTPMatchRequest.port',
      'HTTPMatchRequest.headers',
    ],
    'look at the path, the scheme, the verb, the query, the headers, the host and its port',
    async () => {
      const w = world();
      await w.serve();
      const answering = (code: number, match: string) =>
        `{ match: [{ ${match} }], directResponse: { status: ${code} } }`;
      w.rules(
        answering(410, 'uri: { regex: "/hello/[a-z]+/x" }'),
        answering(411, 'scheme: { exact: https }'),
        answering(412, 'method: { exact: PUT }'),
        answering(413, 'queryParams: { beta: { exact: "1" } }'),
        answering(414, 'authority: { exact: localhost }'),
        answering(415, 'port: 8080'),
        answering(421, 'headers: { x-user: { exact: ann }, accept: {} }'),
        answering(416, 'scheme: { exact: http }, uri: { exact: /scheme } '),
        `{ ${TO_HELLO} }`,
      );
      await w.open();
      expect((await w.get('/hello/any/x')).code).toBe(410);
      expect((await w.send('/hello/anything', { method: 'PUT' })).code).toBe(412);
      expect((await w.get('/hello/anything?name=a&beta=1')).code).toBe(413);
      expect((await w.get('/hello/anything', { host: `localhost:${w.port}` })).code).toBe(414);
      expect((await w.get('/hello/anything', { host: '127.0.0.1:8080' })).code).toBe(415);
      expect((await w.get('/scheme')).code).toBe(416);
      expect((await w.get('/any', { 'x-user': 'ann', accept: '*/*' })).code).toBe(421);
      // What the rules look at is no field of the message, and no mistake.
      expect((await w.get('/hello/anything?name=a&beta=2')).text).toBe('{"msg":"1 a"}');
      expect((await w.post('/hello/anything?beta=2', '{"name":"b"}')).text).toBe('{"msg":"1 b"}');
      expect((await w.get('/hello/anything?name=a&gamma=2')).code).toBe(400);
    },
  );

  proves(['HTTPMatchRequest.gateways'], 'may be meant for one of several gateways', async () => {
    const w = world();
    w.rulesOf(
      { gateways: 'web, admin', hosts: '"*"' },
      '{ match: [{ gateways: [admin] }], directResponse: { status: 201 } }',
      '{ directResponse: { status: 202 } }',
    );
    await w.open();
    expect((await w.get('/x')).code).toBe(202);
    await w.open({ name: 'admin' });
    expect((await w.get('/x')).code).toBe(201);
  });
});

describe('a gateway without a name', () => {
  it('goes by the rules for the calls of processes, as before', async () => {
    const w = world();
    await w.serve();
    w.rules('{ directResponse: { status: 418 } }');
    await w.openUnnamed();
    expect((await w.get('/hello/anything?name=a')).code).toBe(200);
    const origin = await w.post('/hello/anything', '{"name":"a"}', { origin: PAGE });
    expect(origin.code).toBe(403);
    expect(origin.headers).not.toHaveProperty('vary');
  });

  it('hands on nothing of a request but its message', async () => {
    const w = world();
    await w.serve();
    await w.openUnnamed();
    expect((await w.get('/hello/anything?name=a', { 'x-user': 'ann' })).code).toBe(200);
    expect(w.seen?.metadata.get('x-user')).toEqual([]);
    expect(w.seen?.metadata.get('x-envoy-original-path')).toEqual([]);
  });

  it('needs no policies, and no mesh but a stand-in', async () => {
    const w = world();
    await w.serve();
    const standIn = { client: w.mesh.client.bind(w.mesh) };
    await w.openUnnamed({ mesh: standIn });
    expect((await w.get('/hello/anything?name=a')).code).toBe(200);
    const named = w.open({ mesh: standIn });
    await expect(named).rejects.toThrow(
      'name: "web" means rules for a gateway, and the mesh has no policies',
    );
  });

  it.each(['', 'mesh', 'Web', 'a b', 'a/b/c', 7])('cannot be given the name %j', (name) => {
    const options: object = { mesh: world().mesh, definitions: {}, name };
    expect(() => createGateway(options as GatewayOptions)).toThrow(/^name: /);
  });
});

describe('the page of VirtualService', () => {
  it('says nothing of the gateway that no test beside this one is about', () => {
    const folder = new URL('./', import.meta.url);
    const tests = readdirSync(folder)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(new URL(file, folder), 'utf8'))
      .join('\n');
    const page = readFileSync(new URL('../../docs/policies/virtual-service.md', import.meta.url), 'utf8');
    const rows = page.split('\n### ').flatMap((section) => {
      const [message = '', ...lines] = section.split('\n');
      const spoken = lines.filter((line) => line.startsWith('| `') && line.includes('HTTP gateway'));
      return spoken.map((line) => `${message}.${line.split('`')[1]}`);
    });
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter((row) => !tests.includes(`'${row}'`))).toEqual([]);
  });
});
