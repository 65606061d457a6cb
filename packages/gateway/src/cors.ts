import type { IncomingHttpHeaders } from 'node:http';
import type { CorsRule } from '@micromesh/policy/route';

/** What a rule's `corsPolicy` makes of a request. */
export interface CorsVerdict {
  /** Whether pages of the request's origin may call: one is named, and the policy allows it. */
  readonly allowed: boolean;
  /** Whether the request is a preflight, and answered by these headers alone. */
  readonly answered: boolean;
  /** Of the answer, whatever it is. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Does what Envoy's cors filter does. A preflight of another origin is answered without headers, or goes on as any request. */
export function corsVerdict(rule: CorsRule, method: string, headers: IncomingHttpHeaders): CorsVerdict {
  // A cache must not give one origin's answer to another, nor to none.
  const vary = { vary: 'origin' };
  const { origin } = headers;
  if (origin === undefined || origin === '') return { allowed: false, answered: false, headers: vary };
  const allowed = rule.allowsOrigin(origin);
  const isPreflight = method === 'OPTIONS' && (headers['access-control-request-method'] ?? '') !== '';
  if (!allowed) {
    return { allowed, answered: isPreflight && !rule.forwardsUnmatchedPreflights, headers: vary };
  }
  const common = {
    ...vary,
    'access-control-allow-origin': origin,
    ...(rule.allowsCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
  };
  const own = isPreflight
    ? preflightHeaders(rule)
    : listed('access-control-expose-headers', rule.exposedHeaders);
  return { allowed, answered: isPreflight, headers: { ...common, ...own } };
}

function preflightHeaders({ methods, requestHeaders, maxAgeMs }: CorsRule): Readonly<Record<string, string>> {
  return {
    ...listed('access-control-allow-methods', methods),
    ...listed('access-control-allow-headers', requestHeaders),
    ...(maxAgeMs === undefined ? {} : { 'access-control-max-age': String(Math.floor(maxAgeMs / 1000)) }),
  };
}

function listed(name: string, values: readonly string[]): Readonly<Record<string, string>> {
  return values.length === 0 ? {} : { [name]: values.join(',') };
}
