import type { RegistryKind } from '../registry/registry-kind.js';
import type { CanaryStep } from './canary.js';
import type { ExpectedShare } from './expected-share.js';
import type { ScenarioName } from './scenario-names.js';

/** What a scenario is run with. */
export interface ScenarioOptions {
  readonly scenario: ScenarioName;
  readonly registry: RegistryKind;
  /** hello nodes; default 3. */
  readonly nodes: number;
  /** Calls a second, started on time however long others take; default 400. In `flaky` the callers set the pace. */
  readonly rps: number;
  /** How long calls are started; default 8. */
  readonly seconds: number;
  /** Further tries of a call after the first; undefined: the mesh's default. */
  readonly retries: number | undefined;
  /** Extra attempts at a time, over all calls; undefined: no bound. */
  readonly maxConcurrentRetries: number | undefined;
}

/** 100 ms of a run; calls belong to the time they were meant to start. */
export interface TimelineBucket {
  /** From the first call to the start of this piece. */
  readonly ms: number;
  readonly calls: number;
  readonly ok: number;
  readonly failed: number;
  readonly retried: number;
  /** What was done to the nodes or the registry in it. */
  readonly event?: string;
}

/** A call of which no client can know whether it was executed: its node died or froze before the answer was out. */
export interface MaybeTwice {
  /** The id that the request carried. */
  readonly call: string;
  /** The node that was struck. */
  readonly node: string;
  /** How often the call took effect, over all nodes. */
  readonly effects: number;
}

/** What a scenario found; `--json` prints it. */
export interface ScenarioResult {
  readonly scenario: ScenarioName;
  readonly registry: RegistryKind;
  readonly nodes: number;
  /** As asked for; of `flaky`, what came of it. */
  readonly rps: number;
  readonly seconds: number;
  readonly calls: number;
  readonly ok: number;
  readonly failed: number;
  /** Calls with more than one effect, but for those that `maybeTwiceCalls` lists. */
  readonly executedTwice: number;
  /** The ids of those calls. */
  readonly executedTwiceCalls: readonly string[];
  /**
   * Calls that were inside a handler of a node at the instant that it died, its answer not out; of a frozen node those that had
   * taken effect, and did again elsewhere. What no client can know.
   */
  readonly maybeTwice: number;
  readonly maybeTwiceCalls: readonly MaybeTwice[];
  /** Calls that succeeded though no node recorded their effect; above 0 the other counts of executions prove nothing. */
  readonly okWithoutEffect: number;
  /** Calls with more than one try. */
  readonly retried: number;
  /** Tries of all calls together. */
  readonly attempts: number;
  /** How calls ended, by the name of the status. */
  readonly codes: Readonly<Record<string, number>>;
  /** From the time a call was meant to start to its end. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** From the fault to the start of the last call that was retried, failed, or took over twice the p99 before it; null for a fault that lasts. */
  readonly recoveryMs: number | null;
  /** `registry` only: from the kill until all nodes were registered again; null when that did not come. */
  readonly reregisteredMs?: number | null;
  /** `leader` only: from the kill until the others had a new leader; null when that did not come. */
  readonly newLeaderMs?: number | null;
  /** `flaky` only: the share of the calls that is to succeed, and its 99.9 % interval. */
  readonly expected?: ExpectedShare;
  /** `canary` only: what came of each version of the policies. */
  readonly steps?: readonly CanaryStep[];
  readonly timeline: readonly TimelineBucket[];
}
