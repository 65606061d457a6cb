import type { PolicyOrigin } from '../origin/resource-place.js';
import type { CorsPolicy } from '../schema/virtual-service/cors-policy.js';
import { compileTextTest } from './text-test.js';

/** Which pages of other origins may call, at the HTTP gateway. */
export interface CorsRule {
  readonly origin: PolicyOrigin;
  /** Whether pages of this origin (`https://example.com`) may. */
  allowsOrigin(origin: string): boolean;
  readonly methods: readonly string[];
  readonly requestHeaders: readonly string[];
  readonly exposedHeaders: readonly string[];
  /** Undefined: the browser's own. */
  readonly maxAgeMs: number | undefined;
  /** Default false. */
  readonly allowsCredentials: boolean;
  /** Whether preflights of other origins go on to the node; default true, as in Istio. */
  readonly forwardsUnmatchedPreflights: boolean;
}

/** Compiles a CorsPolicy. */
export function compileCors(spec: CorsPolicy, origin: PolicyOrigin): CorsRule {
  const { allowOrigins = [] } = spec;
  // In Envoy also where a pattern happens to take the text `*`: that would let in every page for one like `[^/]*`.
  const allowsAll = allowOrigins.some(({ exact }) => exact === '*');
  const tests = allowOrigins.map((match) => compileTextTest(match));
  return {
    origin,
    allowsOrigin: (page) => allowsAll || tests.some((test) => test.holds(page)),
    methods: spec.allowMethods ?? [],
    requestHeaders: spec.allowHeaders ?? [],
    exposedHeaders: spec.exposeHeaders ?? [],
    maxAgeMs: spec.maxAge?.ms,
    allowsCredentials: spec.allowCredentials ?? false,
    forwardsUnmatchedPreflights: spec.unmatchedPreflights !== 'IGNORE',
  };
}
