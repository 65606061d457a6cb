import type { HedgeAnnotation } from '../annotations/annotations.js';
import type { PolicyOrigin, Sourced } from '../origin/resource-place.js';
import type { RetryConditions } from '../validate/virtual-service/retry-words.js';
import type { Condition } from './condition.js';
import type { CorsRule } from './cors-rule.js';
import type { FaultRule } from './fault-rule.js';
import type { HeaderEdits } from './header-edits.js';
import type { Mirror } from './mirror.js';
import type { RuleChance } from './rule-chance.js';
import type { WeightedDestinations } from './weighted-destinations.js';

/** One of the matches of a rule: all of its conditions must hold. A rule without any has one that always holds. */
export interface MatchBlock {
  /** Its place in the rule, from 0. */
  readonly index: number;
  /** Empty where it has none. */
  readonly name: string;
  readonly origin: PolicyOrigin;
  readonly conditions: readonly Condition[];
  /** What the path of a call becomes that this block took, or, of a redirect, the path of the Location; undefined: it stays. */
  readonly rewritePath: ((path: string) => string) | undefined;
}

/** When a call is tried again, as a rule says. */
export interface RetryRule {
  readonly origin: PolicyOrigin;
  /** Tries after the first, at least 0; 0: none. */
  readonly attempts: Sourced<number>;
  /** Of each attempt; undefined: what remains of the call. */
  readonly perTryTimeoutMs: Sourced<number> | undefined;
  readonly conditions: Sourced<Pick<RetryConditions, 'words' | 'statuses'>>;
  /** The base of the exponential wait, with full jitter; Istio's default 25. */
  readonly baseBackoffMs: Sourced<number>;
  /** Ten times the base, as Envoy has it. */
  readonly maxBackoffMs: number;
  /** Whether nodes that the call has tried come last; default true. */
  readonly ignorePreviousHosts: Sourced<boolean>;
  /** Whether a retry may leave the locality; default false. */
  readonly remoteLocalities: Sourced<boolean>;
}

/** Sends a browser elsewhere; a gRPC call ends with UNKNOWN. */
export interface RedirectAction {
  readonly kind: 'redirect';
  readonly origin: PolicyOrigin;
  /** 301 to 308; default 301. */
  readonly httpStatus: number;
  readonly uri: string | undefined;
  /** Replaces the prefix that matched. */
  readonly prefixRewrite: string | undefined;
  readonly authority: string | undefined;
  readonly scheme: 'http' | 'https' | undefined;
  /** `request`: that of the request; undefined: the scheme's own. */
  readonly port: number | 'request' | undefined;
}

/** Answers without a node. */
export interface DirectResponseAction {
  readonly kind: 'directResponse';
  readonly origin: PolicyOrigin;
  readonly httpStatus: number;
  /** What a gRPC call ends with. */
  readonly grpcCode: number;
  /** Undefined: none. */
  readonly body: Uint8Array | undefined;
  /** The body where it is written as text: the message of a gRPC status; else empty. */
  readonly message: string;
}

/** Sends the call to a node. */
export interface RouteToAction {
  readonly kind: 'route';
  readonly destinations: WeightedDestinations;
}

/** What a rule does with a call. */
export type RouteAction = RouteToAction | RedirectAction | DirectResponseAction;

/** micromesh's extensions, as the annotations of the rule's resource say; undefined: silent. */
export interface RuleAnnotations {
  readonly hedge: Sourced<HedgeAnnotation> | undefined;
  readonly seed: Sourced<number> | undefined;
  /** Default `call`, as in Istio. */
  readonly faultScope: Sourced<'call' | 'attempt'>;
  /** Default false. */
  readonly adaptiveAttemptTimeout: Sourced<boolean>;
}

/** One rule of a VirtualService, compiled: what a call reads. */
export interface RouteRule {
  /** As it is written, of a delegate `ROOT-DELEGATE`; `http[2]` where it has none. */
  readonly name: string;
  readonly origin: PolicyOrigin;
  readonly matches: readonly MatchBlock[];
  readonly action: RouteAction;
  /** Of the call; undefined: none of its own. */
  readonly timeoutMs: Sourced<number> | undefined;
  readonly retry: RetryRule | undefined;
  readonly fault: FaultRule | undefined;
  /** Those that get any copy at all. */
  readonly mirrors: readonly Mirror[];
  readonly request: Sourced<HeaderEdits>;
  readonly response: Sourced<HeaderEdits>;
  /** The authority that nodes see; undefined: that of the destination, else of the call. */
  readonly authority: Sourced<string> | undefined;
  readonly cors: CorsRule | undefined;
  readonly annotations: RuleAnnotations;
  /** What the draws of the rule are made with. */
  readonly chance: RuleChance;
}
