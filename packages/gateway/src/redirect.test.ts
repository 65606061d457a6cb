import type { MatchBlock, RedirectAction } from '@micromesh/policy/route';
import { describe, expect, it } from 'vitest';
import { HttpRequest } from './http-request.js';
import { locationOf } from './redirect.js';

const ORIGIN = {
  resource: 'VirtualService web',
  file: 'web.yaml',
  line: 1,
  column: 1,
  path: 'spec.http[0].redirect',
  isDefault: false,
};
const MATCH: MatchBlock = {
  index: 0,
  name: '',
  origin: ORIGIN,
  conditions: [],
  rewritePath: undefined,
};

function location(
  own: Partial<RedirectAction>,
  host: string,
  url = '/a?q=1',
  match: Partial<MatchBlock> = {},
) {
  const action: RedirectAction = {
    kind: 'redirect',
    origin: ORIGIN,
    httpStatus: 301,
    uri: undefined,
    prefixRewrite: undefined,
    authority: undefined,
    scheme: undefined,
    port: undefined,
    ...own,
  };
  return locationOf(
    action,
    { ...MATCH, ...match },
    new HttpRequest({ method: 'GET', url, headers: { host } }),
  );
}

// Source: Envoy's Http::Utility::newUri and processRequestHost; Istio's ApplyRedirect for ports that are not written.
describe('where a redirect goes', () => {
  it.each<[string, Partial<RedirectAction>, string, string]>([
    ['the same place by another scheme', { scheme: 'https' }, 'a.example', 'https://a.example/a?q=1'],
    ['without the port of the other scheme', { scheme: 'https' }, 'a.example:80', 'https://a.example/a?q=1'],
    ['with a port of its own', { scheme: 'https' }, 'a.example:8080', 'https://a.example:8080/a?q=1'],
    ['another host', { authority: 'b.example' }, 'a.example:8080', 'http://b.example/a?q=1'],
    ['another host and port', { authority: 'b.example', port: 81 }, 'a:1', 'http://b.example:81/a?q=1'],
    ['another port', { port: 81 }, '[::1]:8080', 'http://[::1]:81/a?q=1'],
    ['the port of the scheme', { port: 443, scheme: 'https' }, 'a:8080', 'https://a/a?q=1'],
    ['the port of the request', { port: 'request', authority: 'b' }, 'a:8080', 'http://b:8080/a?q=1'],
    ['the port that the request leaves out', { port: 'request', scheme: 'https' }, 'a', 'https://a:80/a?q=1'],
    ['another path', { uri: '/b' }, 'a', 'http://a/b?q=1'],
    ['another path and query', { uri: '/b?c' }, 'a', 'http://a/b?c'],
    ['a path alone where there is no host', { uri: '/b' }, '', '/b?q=1'],
    ['another host where the request has none', { authority: 'b' }, '', 'http://b/a?q=1'],
  ])('is %s', (_what, action, host, expected) => {
    expect(location(action, host)).toBe(expected);
  });

  it('is what the match makes of the path', () => {
    expect(location({ prefixRewrite: '/n' }, 'a', '/old/x', { rewritePath: (path) => `/n${path}` })).toBe(
      'http://a/n/old/x',
    );
  });
});
