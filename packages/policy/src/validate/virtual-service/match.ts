import type { FieldPath } from '../../problem.js';
import type { HttpMatchRequest } from '../../schema/virtual-service/match.js';
import type { StringMatch } from '../../schema/virtual-service/string-match.js';
import { type Finder, given } from '../finder.js';
import type { VirtualService } from '../resource.js';
import { MESH, reachOf } from './reach.js';
import { checkStringMatch } from './string-match.js';

const GRPC_PATH = /^\/[^/]+\/[^/]+$/;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE'];
/** Fields that Istio does not compare where they are written as headers. */
const FIELDS_AS_HEADERS = ['uri', 'scheme', 'method', 'authority'];

/** The matches of all rules: what they compare, and whether a gRPC call can ever agree. */
export function checkMatches({ spec }: VirtualService, find: Finder): void {
  const reach = reachOf(spec, find);
  for (const [index, route] of (spec.http ?? []).entries()) {
    for (const [at, match] of (route.match ?? []).entries()) {
      const path = ['spec', 'http', index, 'match', at];
      checkComparisons(match, path, find);
      const mesh = match.gateways === undefined ? reach.mesh : match.gateways.includes(MESH);
      const gateway =
        match.gateways === undefined ? reach.gateway : match.gateways.some((each) => each !== MESH);
      if (mesh && !gateway) checkGrpc(match, path, find);
    }
  }
}

function checkComparisons(match: HttpMatchRequest, path: FieldPath, find: Finder): void {
  const { uri, scheme, method, authority, headers, withoutHeaders, queryParams, ignoreUriCase } = match;
  for (const [name, each] of Object.entries({ uri, scheme, method, authority })) {
    if (each !== undefined) checkStringMatch(each, [...path, name], { presence: false }, find);
  }
  for (const [field, map] of Object.entries({ headers, withoutHeaders })) {
    for (const [name, each] of Object.entries(map ?? {})) {
      checkHeaderName(name, [...path, field, name], find);
      checkStringMatch(each, [...path, field, name], { presence: true }, find);
    }
  }
  for (const [name, each] of Object.entries(queryParams ?? {})) {
    checkStringMatch(each, [...path, 'queryParams', name], { presence: true }, find);
  }
  const isUriKnown = !find.isUncertain([...path, 'uri']);
  if (ignoreUriCase === true && isUriKnown && (uri === undefined || uri.regex !== undefined)) {
    find.warning(
      [...path, 'ignoreUriCase'],
      'ignoreUriCase counts for a uri with exact or prefix only',
      uri === undefined ? 'take it out' : 'begin the pattern with (?i)',
    );
  }
}

function checkHeaderName(name: string, path: FieldPath, find: Finder): void {
  if (FIELDS_AS_HEADERS.includes(name)) {
    find.error(path, `${name} is no header here: Istio does not compare it`, `write ${name}: beside headers`);
  } else if (name.startsWith('@request.auth.')) {
    find.error(path, 'claims of a token are not compared', 'let the caller send a header of its own');
  } else if (!/^[a-z0-9_.-]+$/.test(name)) {
    find.error(
      path,
      `${JSON.stringify(name)} can be no name of a header: gRPC sends them in lower case`,
      `write ${name.toLowerCase().replace(/[^a-z0-9_.-]+/g, '-') || 'a name'}`,
    );
  }
}

/** What a call of a process can never agree with. */
function checkGrpc(match: HttpMatchRequest, path: FieldPath, find: Finder): void {
  const { uri, method, queryParams } = match;
  if (method !== undefined && given(method, 'exact').length > 0 && method.exact !== 'POST') {
    const known = METHODS.includes(method.exact ?? '') ? method.exact : JSON.stringify(method.exact);
    find.warning(
      [...path, 'method', 'exact'],
      `no call matches: gRPC is always POST, never ${known}`,
      'take method out',
    );
  }
  if (queryParams !== undefined) {
    find.warning([...path, 'queryParams'], 'no call matches: a gRPC call has no query', 'compare a header');
  }
  if (uri === undefined) return;
  if (uri.exact !== undefined && !GRPC_PATH.test(uri.exact)) {
    noSuchPath([...path, 'uri', 'exact'], uri, 'write /package.Service/Method', find);
  }
  if (uri.prefix !== undefined && uri.prefix !== '' && !uri.prefix.startsWith('/')) {
    noSuchPath([...path, 'uri', 'prefix'], uri, 'begin it with /: /package.Service/', find);
  }
}

function noSuchPath(path: FieldPath, uri: StringMatch, fix: string, find: Finder): void {
  const text = JSON.stringify(uri.exact ?? uri.prefix);
  find.warning(path, `no call matches: ${text} is no path of a gRPC method`, fix);
}
