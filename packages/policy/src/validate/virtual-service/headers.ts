import type { FieldPath } from '../../problem.js';
import type { HeaderOperations, Headers } from '../../schema/virtual-service/headers.js';
import type { Finder } from '../finder.js';
import type { VirtualService } from '../resource.js';

const NAME = /^[0-9a-z_.-]+$/i;
/** gRPC's ASCII-Value: space and printable characters. */
const VALUE = /^[\x20-\x7e]*$/;
const AUTHORITY = new Set([':authority', 'host']);
/** `%DOWNSTREAM_REMOTE_ADDRESS%`, `%REQ(x-a)%` */
const ENVOY_VARIABLE = /%[A-Z][A-Z0-9_]*(?:\([^)]*\))?(?::\d+)?%/;
/** Names that belong to HTTP/2 and gRPC, or that Node's HTTP/2 refuses to send: each call would fail. */
const RESERVED =
  /^(?:grpc-.*|te|content-type|content-length|user-agent|connection|keep-alive|proxy-connection|transfer-encoding|upgrade|http2-settings)$/i;
/** What micromesh itself says to its servers. */
const OWN = /^micromesh-/i;

/** What each rule and destination does to metadata. */
export function checkHeaders({ spec }: VirtualService, find: Finder): void {
  for (const [index, rule] of (spec.http ?? []).entries()) {
    const path = ['spec', 'http', index];
    const authorities: FieldPath[] = [];
    if (rule.rewrite?.authority !== undefined) authorities.push([...path, 'rewrite', 'authority']);
    authorities.push(...checkBoth(rule.headers, [...path, 'headers'], find));
    const [first, second] = authorities;
    if (first !== undefined && second !== undefined) {
      find.error(second, 'the authority is rewritten in two places', 'keep one of them');
    }
    for (const [at, destination] of (rule.route ?? []).entries()) {
      const [own] = checkBoth(destination.headers, [...path, 'route', at, 'headers'], find);
      if (own !== undefined && first !== undefined) {
        find.error(own, 'the authority is rewritten by the rule too', 'keep one of them');
      }
    }
  }
}

/** @returns where the authority is rewritten. */
function checkBoth(headers: Headers | undefined, path: FieldPath, find: Finder): readonly FieldPath[] {
  const { request, response } = headers ?? {};
  const authorities: FieldPath[] = [];
  if (request !== undefined) authorities.push(...checkOperations(request, [...path, 'request'], find));
  if (response !== undefined) {
    for (const at of checkOperations(response, [...path, 'response'], find)) {
      find.error(at, 'a response has no authority', 'take it out');
    }
  }
  return authorities;
}

function checkOperations(operations: HeaderOperations, path: FieldPath, find: Finder): readonly FieldPath[] {
  const authorities: FieldPath[] = [];
  const { set = {}, add = {}, remove = [] } = operations;
  for (const [operation, pairs] of Object.entries({ set, add })) {
    for (const [name, value] of Object.entries(pairs)) {
      const at = [...path, operation, name];
      if (AUTHORITY.has(name.toLowerCase())) authorities.push(at);
      else checkName(name, at, find);
      if (name.toLowerCase().endsWith('-bin')) {
        find.error(at, `${name} is binary, and has no text`, 'take -bin off the name, or let code send it');
      }
      if (ENVOY_VARIABLE.test(value)) {
        find.error(at, 'the variables of Envoy are not filled in', 'write plain text, or let code send it');
      }
      if (!VALUE.test(value)) {
        find.error(at, 'gRPC sends printable ASCII only', 'write plain text, or let code send a -bin header');
      }
    }
  }
  const written = new Set([...Object.keys(set), ...Object.keys(add)].map((name) => name.toLowerCase()));
  for (const [index, name] of remove.entries()) {
    const at = [...path, 'remove', index];
    if (AUTHORITY.has(name.toLowerCase())) {
      find.error(at, `${name} cannot be removed`, 'take it out');
      continue;
    }
    checkName(name, at, find);
    if (written.has(name.toLowerCase())) {
      find.warning(at, `${name} is written and removed`, 'keep one of them; removing comes first');
    }
  }
  return authorities;
}

function checkName(name: string, path: FieldPath, find: Finder): void {
  if (name.startsWith(':'))
    find.error(path, `${name} is part of HTTP/2, and cannot be changed`, 'take it out');
  else if (!NAME.test(name)) {
    find.error(
      path,
      `${JSON.stringify(name)} is no name of a header`,
      'give letters, digits and any of _ . -',
    );
  } else if (RESERVED.test(name))
    find.error(path, `${name} belongs to gRPC, and cannot be changed`, 'take it out');
  else if (OWN.test(name)) {
    find.error(path, `${name} belongs to micromesh, and cannot be changed`, 'take it out');
  }
}
