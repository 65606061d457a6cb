import type { MatchBlock, RedirectAction } from '@micromesh/policy/route';
import { defaultPort, type HttpRequest, splitHost } from './http-request.js';

/**
 * Where a redirect sends a request. As Envoy has it, what the redirect does not name stays as it is in the request, the query too, unless
 * the `uri` brings its own. A port that is the scheme's is not written.
 */
export function locationOf(action: RedirectAction, match: MatchBlock, request: HttpRequest): string {
  const path = pathOf(action, match, request);
  const scheme = action.scheme ?? request.scheme;
  const host = hostOf(action, scheme, request);
  // Without a host the path alone is right.
  return host === '' ? path : `${scheme}://${host}${path}`;
}

function pathOf({ uri }: RedirectAction, match: MatchBlock, { path, query }: HttpRequest): string {
  const to = uri ?? match.rewritePath?.(path) ?? path;
  return query === '' || to.includes('?') ? to : `${to}?${query}`;
}

function hostOf({ authority, port }: RedirectAction, scheme: string, request: HttpRequest): string {
  const said = port === 'request' ? request.port : port;
  if (said !== undefined) {
    const name = authority ?? splitHost(request.host).name;
    return said === defaultPort(scheme) || name === '' ? name : `${name}:${said}`;
  }
  if (authority !== undefined) return authority;
  const { name, port: own } = splitHost(request.host);
  // `http://a:80` is meant to become `https://a`.
  const isOfOtherScheme = scheme !== request.scheme && own === defaultPort(request.scheme);
  return isOfOtherScheme ? name : request.host;
}
