import type { FieldPath } from '../../problem.js';
import type { HttpRoute } from '../../schema/virtual-service/http-route.js';
import { atMostOne, type Finder, given } from '../finder.js';
import type { VirtualService } from '../resource.js';
import { checkOrigins } from './origins.js';
import { reachOf } from './reach.js';

const REDIRECT_CODES = [301, 302, 303, 307, 308];

/** What each rule does with a call: one thing, and only with what goes with it. */
export function checkActions({ spec }: VirtualService, find: Finder): void {
  const isSilent = spec.http === undefined && spec.tls === undefined && spec.tcp === undefined;
  if (isSilent && !find.isUncertain(['spec', 'http'])) {
    find.error(['spec', 'http'], 'there are no rules', 'write http: with a list of rules');
  }
  const reach = reachOf(spec, find);
  for (const [index, rule] of (spec.http ?? []).entries()) {
    const path = ['spec', 'http', index];
    atMostOne(find, path, rule, 'route', 'redirect', 'directResponse', 'delegate');
    if (given(rule, 'route', 'redirect', 'directResponse', 'delegate').length === 0) {
      find.error(path, 'the rule says nothing of where the call goes', 'write route: with a destination');
    }
    checkCompany(rule, path, find);
    checkRedirect(rule, path, find);
    checkBody(rule, path, find);
    checkOrigins(rule, path, find);
    if (reach.gateway) continue;
    if (rule.corsPolicy !== undefined) {
      find.warning(
        [...path, 'corsPolicy'],
        'corsPolicy is for browsers at the HTTP gateway; the calls of processes have no origin',
        'name the gateway in gateways, or take it out',
      );
    }
    if (rule.redirect !== undefined) {
      find.warning(
        [...path, 'redirect'],
        'a gRPC call follows no redirect: it ends with UNKNOWN',
        'write route, or name the HTTP gateway in gateways',
      );
    }
  }
}

/** What a rule that sends nothing to a node cannot say. */
function checkCompany(rule: HttpRoute, path: FieldPath, find: Finder): void {
  const action =
    rule.redirect !== undefined
      ? 'redirect'
      : rule.directResponse !== undefined
        ? 'directResponse'
        : undefined;
  if (action === undefined || rule.route !== undefined) return;
  for (const name of given(rule, 'fault', 'rewrite', 'retries', 'mirror', 'mirrors')) {
    find.error([...path, name], `${name} does not go with ${action}: no node is called`, `take ${name} out`);
  }
}

function checkRedirect({ redirect }: HttpRoute, path: FieldPath, find: Finder): void {
  if (redirect === undefined) return;
  const at = [...path, 'redirect'];
  atMostOne(find, at, redirect, 'uri', 'prefixRewrite');
  atMostOne(find, at, redirect, 'port', 'derivePort');
  if (given(redirect, 'uri', 'prefixRewrite', 'authority', 'scheme', 'port', 'derivePort').length === 0) {
    find.error(at, 'the redirect says nothing of where to', 'write uri, authority, scheme or port');
  }
  for (const name of ['uri', 'prefixRewrite'] as const) {
    const to = redirect[name];
    // Without the slash it would go on with the name of the host.
    if (to !== undefined && !to.startsWith('/')) {
      find.error([...at, name], `${JSON.stringify(to)} is no path`, 'begin it with /');
    }
  }
  for (const name of ['uri', 'prefixRewrite', 'authority'] as const) {
    if (/[^!-~]/.test(redirect[name] ?? '')) {
      find.error([...at, name], 'it has characters that no header can carry', 'write them percent-encoded');
    }
  }
  const { redirectCode } = redirect;
  if (redirectCode !== undefined && !REDIRECT_CODES.includes(redirectCode)) {
    find.error(
      [...at, 'redirectCode'],
      `${redirectCode} is no redirect`,
      `write ${REDIRECT_CODES.join(', ')}`,
    );
  }
}

function checkBody({ directResponse }: HttpRoute, path: FieldPath, find: Finder): void {
  const body = directResponse?.body;
  if (body === undefined) return;
  const at = [...path, 'directResponse', 'body'];
  atMostOne(find, at, body, 'string', 'bytes');
  if (given(body, 'string', 'bytes').length === 0)
    find.error(at, 'the body is empty', 'write string or bytes, or take it out');
}
