import type { Delivery, Origin, Reason } from './outcome.js';
import type { ServiceKey } from './service-key.js';

/** An operator's policy says it: which resource, where in it, and where it is written. */
export interface PolicyWordOrigin {
  readonly kind: 'policy';
  /** `VirtualService shop/hello` */
  readonly resource: string;
  /** `spec.http[0].timeout` */
  readonly path: string;
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** Nobody wrote it: it is Istio's default in a block that is there. */
  readonly isDefault: boolean;
}

/**
 * Whose word a value is. `call`, `client`: their options; `mesh`: `createMesh({ defaults })`; `default`: micromesh's own; `parent`: the call that
 * this one works for; `proto`: the .proto's `idempotency_level`.
 */
export type ValueOrigin =
  | { readonly kind: 'call' | 'client' | 'mesh' | 'default' | 'parent' | 'proto' }
  | PolicyWordOrigin;

/** A value, and whose word it is: of several where each says a part of it, or all must agree. */
export interface TracedValue<T> {
  readonly value: T;
  readonly from: readonly ValueOrigin[];
}

/** What held for a call. */
export interface PlanTrace {
  /** Time for the whole call; undefined: none. */
  readonly timeoutMs: TracedValue<number | undefined>;
  readonly retries: TracedValue<number>;
  /** What is tried again: the name of the code's function, and the words of `retryOn`. */
  readonly retry: TracedValue<string>;
  readonly idempotent: TracedValue<boolean>;
  /** Undefined: silent nodes are asked. */
  readonly attemptTimeoutMs: TracedValue<number | undefined>;
  readonly backoff: TracedValue<{ readonly baseMs: number; readonly maxMs: number }>;
  readonly hedge: TracedValue<false | { readonly afterMs: number } | { readonly atPercentile: number }>;
  readonly strategy: TracedValue<string>;
  /** The nodes that it may go to: the code's filter and the subset of the rule. */
  readonly filter: TracedValue<{
    readonly version?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly locality?: 'prefer' | 'require';
  }>;
  readonly hashKey: TracedValue<string | undefined>;
  readonly waitForReady: TracedValue<boolean>;
  readonly idempotencyKey: TracedValue<true | string | undefined>;
}

/** What the operator's policies have decided about a call. */
export interface RouteTrace {
  /** Of the policies. */
  readonly version: string;
  /** The rule that took it; undefined: none is about its service, or for this caller. */
  readonly rule: (Omit<PolicyWordOrigin, 'kind' | 'isDefault'> & { readonly name: string }) | undefined;
  /** Where that sends it; undefined: to the service that it was made for. */
  readonly destination:
    | {
        readonly service: ServiceKey;
        readonly subset: string | undefined;
        readonly port: number | undefined;
        /** Its share of the calls of the rule, in [0, 1]. */
        readonly ratio: number;
      }
    | undefined;
  /** The blocks of DestinationRules that hold for it; where one is undefined what the mesh says does, else micromesh's defaults. */
  readonly traffic: {
    readonly loadBalancer: PolicyWordOrigin | undefined;
    readonly outlierDetection: PolicyWordOrigin | undefined;
    readonly connectionPool: PolicyWordOrigin | undefined;
    readonly retryBudget: PolicyWordOrigin | undefined;
    readonly tls: PolicyWordOrigin | undefined;
  };
}

/** A node that an attempt could have gone to, as things stood when it began. */
export interface CandidateTrace {
  readonly id: string;
  readonly address: string;
  readonly version: string;
  /** `healthy`, `suspect`, `ejected`, `connecting`, `held`, `silent` or `disconnected`. */
  readonly standing: string;
  /** Why it is not healthy, in words; empty when it is. */
  readonly cause: string;
  /** Attempts of this process under way on it, without this one. */
  readonly inFlight: number;
  /** What the strategy compares, the least is best; undefined: it compares nothing. */
  readonly score: number | undefined;
  /** The call had been there. */
  readonly tried: boolean;
}

/** One attempt. */
export interface AttemptTrace {
  /** 1 for the first. */
  readonly attempt: number;
  readonly nodeId: string;
  readonly address: string;
  /** Those of the subset, the node that was picked among them; at most 100. */
  readonly candidates: readonly CandidateTrace[];
  /** From the beginning of the call. */
  readonly startedMs: number;
  /** What it came to; undefined: the call ended before it did. */
  readonly ended:
    | {
        readonly code: number;
        readonly details: string;
        readonly origin: Origin;
        readonly delivery: Delivery;
        readonly reason: Reason;
        readonly ms: number;
      }
    | undefined;
}

/** One client call, from what was decided about it to its end. Plain data. */
export interface CallTrace {
  /** That it was made for. */
  readonly service: ServiceKey;
  /** `/hello.v1.Hello/Anything` */
  readonly method: string;
  /** Undefined: no policy is about it, or it was refused before. */
  readonly route: RouteTrace | undefined;
  /** Undefined: the call ended before it was planned. */
  readonly plan: PlanTrace | undefined;
  readonly attempts: readonly AttemptTrace[];
  /** What it came to. */
  readonly outcome: {
    readonly code: number;
    readonly details: string;
    readonly origin: Origin;
    readonly reason: Reason;
    readonly ms: number;
  };
}

const WORDS = {
  call: "the call's option",
  client: "the client's option",
  mesh: "the mesh's defaults",
  default: "micromesh's default",
  parent: 'the parent call',
  proto: 'the .proto',
} as const;

/** Whose word a value is, in words: `VirtualService hello spec.http[0].timeout (hello.yaml:7)`, `micromesh's default`. */
export function describeOrigin(origin: ValueOrigin): string {
  if (origin.kind !== 'policy') return WORDS[origin.kind];
  const { resource, path, file, line, isDefault } = origin;
  const place = `${resource} ${path} (${file}:${line})`;
  return isDefault ? `Istio's default for ${place}` : place;
}
