import { canaryRoute, STABLE_POLICIES } from './canary-policies.js';
import { binomialInterval } from './expected-share.js';
import type { PoliciesPart } from './parts.js';
import type { RoutedLedger } from './routed-calls.js';

/** Each version of the policies is in force everywhere so long after its write, at the latest. */
export const IN_FORCE_WITHIN_MS = 200;
/** What the calls are shifted to v2 by, in percent, before that is gone back on. */
const WEIGHTS = [0, 10, 50, 100] as const;
const STEPS = WEIGHTS.length + 1;

/** One version of the policies of a canary, and what came of it. */
export interface CanaryStep {
  /** `rollback`: the version before is in force again. */
  readonly change: 'apply' | 'rollback';
  /** Of v2, in percent. */
  readonly weight: number;
  /** From the write's return to the first call that went by the version, or the last by another, whichever is later; null: none went by it. */
  readonly inForceMs: number | null;
  /** The share of its calls that went to v2, from 0 to 1. */
  readonly share: number;
  /** The 99.9 % interval of the share, for as many calls. */
  readonly low: number;
  readonly high: number;
  /** Calls that went by it. */
  readonly calls: number;
}

/** What a canary is done to. */
export interface CanaryStage {
  readonly policies: PoliciesPart;
  readonly ledger: RoutedLedger;
  /** When the load ends, in ms since it began. */
  readonly loadEndMs: number;
  /** Puts a line on the timeline. */
  note(text: string): void;
  /** ms since the load began. */
  now(): number;
  /** Rejects when the run is ended early. */
  wait(ms: number): Promise<void>;
}

/** A version that was written, and when the write returned. */
export interface Written {
  readonly change: CanaryStep['change'];
  readonly weight: number;
  readonly version: string;
  readonly atMs: number;
}

/** All calls go to v1. */
export function prepareCanary(policies: PoliciesPart): Promise<string> {
  return policies.apply(STABLE_POLICIES, 'before the canary');
}

/** Shifts the calls to v2 step by step, each as long as the others, and goes back by one at the end. */
export async function runCanary(stage: CanaryStage): Promise<readonly CanaryStep[]> {
  const { policies, ledger, loadEndMs, note, now, wait } = stage;
  const beganMs = now();
  const stepMs = (loadEndMs - beganMs) / STEPS;
  const written: Written[] = [];
  const step = async (change: CanaryStep['change'], weight: number, write: () => Promise<string>) => {
    const version = await write();
    const atMs = now();
    note(`${change === 'apply' ? `${weight} % to v2` : `back to ${weight} %`}: version ${version}`);
    written.push({ change, weight, version, atMs });
    await wait(Math.max(0, beganMs + written.length * stepMs - atMs));
  };
  for (const weight of WEIGHTS) {
    await step('apply', weight, () => policies.apply(canaryRoute(weight), `${weight} % to v2`));
  }
  await step('rollback', WEIGHTS[WEIGHTS.length - 2] ?? 0, () => policies.rollback());
  return written.map((each, at) => measureStep(each, written.slice(at + 1), ledger));
}

/**
 * What came of a version.
 *
 * @param later - those that were written after it: calls that go by these have left it, they were not late.
 */
export function measureStep(
  { change, weight, version, atMs }: Written,
  later: readonly Written[],
  ledger: RoutedLedger,
): CanaryStep {
  const of = ledger.of(version);
  const calls = of?.calls ?? 0;
  const share = of === undefined ? 0 : of.toNew / of.calls;
  const { fewest, most } = binomialInterval(calls, weight / 100);
  const lastOldMs = ledger.lastOtherMs(new Set([version, ...later.map((each) => each.version)])) ?? 0;
  const inForceMs =
    of === undefined ? null : Math.round(Math.max(0, of.firstMs - atMs, lastOldMs - atMs) * 10) / 10;
  const interval = calls === 0 ? { low: 0, high: 1 } : { low: fewest / calls, high: most / calls };
  return { change, weight, inForceMs, share, ...interval, calls };
}
