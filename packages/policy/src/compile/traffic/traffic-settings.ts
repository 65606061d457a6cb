import type { PolicyOrigin, Sourced } from '../../origin/resource-place.js';
import type { ClientTlsSettings } from '../../schema/destination-rule/tls.js';

/** Of what the key of a consistent hash is made. */
export type HashSource =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'sourceIp' }
  /** Of a request at the HTTP gateway; a gRPC call has none. */
  | { readonly kind: 'queryParam'; readonly name: string };

/** How keys find nodes. */
export type HashAlgorithm =
  /** At least so many points; default 1024. */
  | { readonly kind: 'ringHash'; readonly minimumRingSize: number }
  /** A prime number; default 65537. */
  | { readonly kind: 'maglev'; readonly tableSize: number };

/** Which node gets a call. */
export type LoadBalancerStrategy =
  | { readonly kind: 'round-robin' | 'least-request' | 'random' }
  | { readonly kind: 'consistent-hash'; readonly source: HashSource; readonly algorithm: HashAlgorithm };

/** A new node gets its share little by little: share x max(minimumRatio, (age / durationMs) ^ (1 / aggression)). */
export interface WarmupSettings {
  readonly origin: PolicyOrigin;
  readonly durationMs: Sourced<number>;
  /** In [0, 1]; default 0.1. */
  readonly minimumRatio: Sourced<number>;
  /** Default 1. */
  readonly aggression: Sourced<number>;
}

/** The share of a locality. */
export interface LocalityShare {
  /** `region/zone/subzone`; `*` at the end for any. */
  readonly locality: string;
  /** In (0, 1]; all sum to 1. */
  readonly ratio: number;
}

/** A label that near nodes have. */
export interface PriorityLabel {
  readonly name: string;
  /** What the rule says, else what the caller has; undefined: the caller has no such label, and no node shares it. */
  readonly value: string | undefined;
}

/** Which nodes are near, as the caller of the policies sees it. */
export interface LocalitySettings {
  readonly origin: PolicyOrigin;
  /** Default true. */
  readonly enabled: Sourced<boolean>;
  /** The shares for callers in this locality; undefined: none are given for it. */
  readonly shares: Sourced<readonly LocalityShare[]> | undefined;
  /** The region that takes over from that of the caller; undefined: any. Works with outlier detection only. */
  readonly failoverRegion: Sourced<string> | undefined;
  /** The most important first; a label counts where all before it agree. Works with outlier detection only. */
  readonly failoverLabels: Sourced<readonly PriorityLabel[]> | undefined;
  /** Whether near nodes come first, and calls leave a locality that fails: there are an outlier detection and no shares for anybody. */
  readonly failsOver: boolean;
}

/** How a node is chosen. A block without a strategy has Istio's: least-request. */
export interface LoadBalancerRule {
  readonly origin: PolicyOrigin;
  readonly strategy: Sourced<LoadBalancerStrategy>;
  readonly warmup: WarmupSettings | undefined;
  readonly locality: LocalitySettings | undefined;
}

/** When a node is taken out because it fails, with the defaults that Istio and Envoy have for what the block leaves out. */
export interface OutlierRule {
  readonly origin: PolicyOrigin;
  /** Errors in a row; default 5, 0: off. */
  readonly consecutive5xxErrors: Sourced<number>;
  /** 502, 503 and 504 in a row; default 0: off. */
  readonly consecutiveGatewayErrors: Sourced<number>;
  /** Default false. */
  readonly splitExternalLocalOriginErrors: Sourced<boolean>;
  /** In a row; counts where they are split; default 5, 0: off. */
  readonly consecutiveLocalOriginFailures: Sourced<number>;
  /** Default 10,000. */
  readonly intervalMs: Sourced<number>;
  /** Default 30,000. */
  readonly baseEjectionMs: Sourced<number>;
  /** Envoy's `max_ejection_time`, which Istio leaves alone: 300,000, or `baseEjectionMs` where that is longer. */
  readonly maxEjectionMs: number;
  /** In (0, 1]; default 0.1, also where 0 is written: Istio does not tell 0 from silence. */
  readonly maxEjectionRatio: Sourced<number>;
  /** In [0, 1]; default 0: ejections always count. */
  readonly minHealthRatio: Sourced<number>;
  /** HTTP statuses; undefined: every 5xx. */
  readonly errorStatuses: Sourced<readonly number[]> | undefined;
}

/** Bounds of connections and calls. */
export interface ConnectionPoolRule {
  readonly origin: PolicyOrigin;
  /** Undefined: micromesh's default. */
  readonly connectTimeoutMs: Sourced<number> | undefined;
  /** Calls that wait for a connection; undefined: no bound, also where 0 is written, as in Istio. So are the next two. */
  readonly maxPendingRequests: Sourced<number> | undefined;
  /** Calls at a time. */
  readonly maxRequests: Sourced<number> | undefined;
  /** Calls that retry at a time; does not count beside a retry budget. */
  readonly maxRetries: Sourced<number> | undefined;
  /** 0: never; default 3,600,000. */
  readonly idleTimeoutMs: Sourced<number>;
  readonly keepalive: KeepaliveRule | undefined;
}

/** PING frames that find dead connections. */
export interface KeepaliveRule {
  readonly origin: PolicyOrigin;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** How many calls may retry. */
export interface RetryBudgetRule {
  readonly origin: PolicyOrigin;
  /** Of the calls under way, in [0, 1]; default 0.2. */
  readonly ratio: Sourced<number>;
  /** Default 3. */
  readonly minRetryConcurrency: Sourced<number>;
  /** 0: the share is of the calls under way now; default 0. */
  readonly intervalMs: Sourced<number>;
}

/** How connections are secured. */
export interface TlsRule {
  readonly origin: PolicyOrigin;
  /** Default DISABLE: in clear text. */
  readonly mode: Sourced<'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL'>;
  readonly settings: ClientTlsSettings;
}

/** How the calls to a service, a subset or a port of it are made. A block that is undefined leaves micromesh's defaults in force. */
export interface TrafficSettings {
  readonly loadBalancer: LoadBalancerRule | undefined;
  readonly connectionPool: ConnectionPoolRule | undefined;
  readonly outlier: OutlierRule | undefined;
  readonly retryBudget: RetryBudgetRule | undefined;
  readonly tls: TlsRule | undefined;
}

/** Where nothing is said: one object, so that a comparison tells. */
export const NO_TRAFFIC_SETTINGS: TrafficSettings = {
  loadBalancer: undefined,
  connectionPool: undefined,
  outlier: undefined,
  retryBudget: undefined,
  tls: undefined,
};
