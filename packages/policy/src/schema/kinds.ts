import type { z } from 'zod';
import { concurrencyLimitSpec } from './concurrency-limit.js';
import { destinationRuleSpec } from './destination-rule/destination-rule.js';
import { rateLimitSpec } from './rate-limit.js';
import { virtualServiceSpec } from './virtual-service/virtual-service.js';

const ISTIO = ['networking.istio.io/v1', 'networking.istio.io/v1beta1', 'networking.istio.io/v1alpha3'];
const OWN = ['micromesh.io/v1'];

/** The kinds of resources that micromesh applies. */
export const KINDS = {
  VirtualService: { apiVersions: ISTIO, spec: virtualServiceSpec },
  DestinationRule: { apiVersions: ISTIO, spec: destinationRuleSpec },
  RateLimit: { apiVersions: OWN, spec: rateLimitSpec },
  ConcurrencyLimit: { apiVersions: OWN, spec: concurrencyLimitSpec },
} as const satisfies Readonly<
  Record<string, { readonly apiVersions: readonly string[]; readonly spec: z.ZodType }>
>;

/** The kinds of resources that micromesh applies. */
export type Kind = keyof typeof KINDS;

/** Whether micromesh applies resources of this kind. */
export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(KINDS, kind);
}
