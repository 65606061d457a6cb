import { grpcStatusOfHttp } from '../route/http-status.js';
import type { DirectResponseAction, RedirectAction, RouteAction } from '../route/route-rule.js';
import type { HttpDirectResponse } from '../schema/virtual-service/direct-response.js';
import type { HttpRedirect } from '../schema/virtual-service/redirect.js';
import { compileDestinations } from './compile-destinations.js';
import type { MergedRule } from './merged-rule.js';

const MOVED_PERMANENTLY = 301;

/** What a rule does with a call; undefined where it says nothing, which validation refuses. */
export function compileAction(rule: MergedRule): RouteAction | undefined {
  const { redirect, directResponse, route = [], name = '' } = rule.fields;
  if (redirect !== undefined) return compileRedirect(redirect, rule);
  if (directResponse !== undefined) return compileDirectResponse(directResponse, rule);
  const destinations = compileDestinations(route, rule.placeOf('route'), name);
  return destinations === undefined ? undefined : { kind: 'route', destinations };
}

function compileRedirect(redirect: HttpRedirect, rule: MergedRule): RedirectAction {
  const { uri, prefixRewrite, authority, scheme, port, derivePort, redirectCode } = redirect;
  return {
    kind: 'redirect',
    origin: rule.placeOf('redirect').origin(),
    httpStatus: redirectCode ?? MOVED_PERMANENTLY,
    uri,
    prefixRewrite,
    authority,
    scheme,
    port: port ?? (derivePort === 'FROM_REQUEST_PORT' ? 'request' : undefined),
  };
}

function compileDirectResponse({ status, body }: HttpDirectResponse, rule: MergedRule): DirectResponseAction {
  const bytes =
    body?.bytes !== undefined
      ? Buffer.from(body.bytes, 'base64')
      : body?.string !== undefined
        ? Buffer.from(body.string)
        : undefined;
  return {
    kind: 'directResponse',
    origin: rule.placeOf('directResponse').origin(),
    httpStatus: status,
    grpcCode: grpcStatusOfHttp(status),
    body: bytes,
    message: body?.string ?? '',
  };
}
