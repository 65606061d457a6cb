import { describe, expect, it } from 'vitest';
import { type GatewayWorld, gatewayWorld, proves, TO_HELLO } from './gateway-world.js';
import type { HttpAnswer } from './http-exchange.js';

const PAGE = 'https://page.example';
const world = gatewayWorld();

/** The `Access-Control` headers of an answer. */
function corsOf({ headers }: HttpAnswer): Record<string, unknown> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith('access-control-'));
  return Object.fromEntries(own.map(([name, value]) => [name.replace('access-control-', ''), value]));
}

function preflight(w: GatewayWorld, path: string, origin = PAGE): Promise<HttpAnswer> {
  const headers = { origin, 'access-control-request-method': 'POST', 'sec-fetch-site': 'cross-site' };
  return w.send(path, { method: 'OPTIONS', headers });
}

describe('the corsPolicy of a rule', () => {
  const CORS =
    'allowOrigins: [{ exact: "https://page.example" }], allowMethods: [GET, POST], allowHeaders: [content-type, x-user], exposeHeaders: [x-a, x-b], maxAge: 90s, allowCredentials: true';

  proves(
    [
      'HTTPRoute.corsPolicy',
      'CorsPolicy.allowOrigins',
      'CorsPolicy.allowMethods',
      'CorsPolicy.allowHeaders',
      'CorsPolicy.exposeHeaders',
      'CorsPolicy.maxAge',
      'CorsPolicy.allowCredentials',
    ],
    'lets pages of its origins call: it answers their preflights, and shows them what comes',
    async () => {
      const w = world();
      await w.serve();
      w.rules(`{ corsPolicy: { ${CORS} }, ${TO_HELLO} }`);
      await w.open();
      const asked = await preflight(w, '/hello/anything');
      expect(asked).toMatchObject({ code: 200, text: '' });
      expect(asked.headers.vary).toBe('origin');
      expect(corsOf(asked)).toEqual({
        'allow-origin': PAGE,
        'allow-credentials': 'true',
        'allow-methods': 'GET,POST',
        'allow-headers': 'content-type,x-user',
        'max-age': '90',
      });
      expect(w.reached).toEqual([]);
      const cross = { origin: PAGE, 'sec-fetch-site': 'cross-site' };
      const called = await w.post('/hello/anything', '{"name":"a"}', cross);
      expect(called).toMatchObject({ code: 200, text: '{"msg":"1 a"}' });
      expect(called.headers.vary).toBe('origin');
      expect(corsOf(called)).toEqual({
        'allow-origin': PAGE,
        'allow-credentials': 'true',
        'expose-headers': 'x-a,x-b',
      });
      // The page is told of a failure, too.
      const failed = await w.post('/hello/anything', 'no JSON', cross);
      expect(failed.code).toBe(400);
      expect(corsOf(failed)['allow-origin']).toBe(PAGE);
    },
  );

  it('refuses pages of other origins, and loosens nothing else', async () => {
    const w = world();
    await w.serve();
    w.rules(`{ corsPolicy: { ${CORS} }, ${TO_HELLO} }`);
    await w.open();
    const other = 'https://other.example';
    const refused = await w.post('/hello/anything', '{"name":"a"}', { origin: other });
    expect(refused.code).toBe(403);
    expect(refused.headers.vary).toBe('origin');
    expect(corsOf(refused)).toEqual({});
    // A link of the page, which names no origin.
    expect((await w.get('/hello/anything?name=a', { 'sec-fetch-site': 'cross-site' })).code).toBe(403);
    // What a page sends without asking first.
    const form = { origin: PAGE, 'content-type': 'text/plain' };
    expect((await w.send('/hello/anything', { method: 'POST', headers: form, body: '{}' })).code).toBe(415);
    // A name that was made to point here.
    expect((await w.get('/hello/anything?name=a', { origin: PAGE, host: 'evil.example' })).code).toBe(403);
    expect(w.reached).toEqual([]);
  });

  proves(
    ['CorsPolicy.unmatchedPreflights'],
    'passes preflights of other origins on, which ends with 403, or answers them with nothing',
    async () => {
      const w = world();
      w.rules(
        `{ match: [{ uri: { prefix: /forward } }], corsPolicy: { ${CORS} }, ${TO_HELLO} }`,
        `{ corsPolicy: { ${CORS}, unmatchedPreflights: IGNORE }, ${TO_HELLO} }`,
      );
      await w.open();
      const forwarded = await preflight(w, '/forward', 'https://other.example');
      expect([forwarded.code, corsOf(forwarded)]).toEqual([403, {}]);
      const ignored = await preflight(w, '/ignore', 'https://other.example');
      expect([ignored.code, ignored.text, corsOf(ignored)]).toEqual([200, '', {}]);
    },
  );
});
