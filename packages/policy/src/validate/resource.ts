import type { Annotations } from '../annotations/annotations.js';
import type { ResourceDocument } from '../document/resource-document.js';
import type { ConcurrencyLimitSpec } from '../schema/concurrency-limit.js';
import type { DestinationRuleSpec } from '../schema/destination-rule/destination-rule.js';
import type { RateLimitSpec } from '../schema/rate-limit.js';
import type { VirtualServiceSpec } from '../schema/virtual-service/virtual-service.js';

/** A resource of one kind: its `spec` is read, `document` says where each field stands. */
export interface ResourceOf<K extends string, S> {
  readonly kind: K;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly annotations: Annotations;
  readonly spec: S;
  readonly document: ResourceDocument;
}

/** How the calls to a service are routed. */
export type VirtualService = ResourceOf<'VirtualService', VirtualServiceSpec>;
/** How the calls to a service are made, and what its subsets are. */
export type DestinationRule = ResourceOf<'DestinationRule', DestinationRuleSpec>;
/** How many calls in a time. */
export type RateLimit = ResourceOf<'RateLimit', RateLimitSpec>;
/** How many calls at a time. */
export type ConcurrencyLimit = ResourceOf<'ConcurrencyLimit', ConcurrencyLimitSpec>;

/** Any resource that micromesh applies. */
export type Resource = VirtualService | DestinationRule | RateLimit | ConcurrencyLimit;
