import type { AttemptCounts } from './attempt-window.js';
import type { LatencyWindow } from './latency-window.js';
import type { OutlierSettings } from './outlier-settings.js';
import { slowerThanPeers } from './slower-than-peers.js';

/** What is known of one node, as the rules see it. */
export interface NodeFigures {
  /** Failures in a row up to now. */
  readonly inARow: number;
  readonly isEjected: boolean;
  counts(now: number): AttemptCounts;
  /** Attempts within the window that ended as those on a node do that has too much to do. */
  strains(now: number): number;
  /** How long its answers took lately; undefined where `latencyFactor` is off. */
  readonly latencies: LatencyWindow | undefined;
}

/** One node, to be judged. */
export interface Suspicion {
  readonly now: number;
  readonly own: NodeFigures;
  /** All other nodes of the service; asked for only where the node's own figures leave it open. */
  peers(): readonly NodeFigures[];
  readonly settings: OutlierSettings;
}

/** Why the node is to be ejected, in words, or undefined. */
export type Rule = (suspicion: Suspicion) => string | undefined;

/** Rules that hold at each attempt. */
export const RULES_AT_ONCE: readonly Rule[] = [failuresInARow, failureShare];

/** Rules over all nodes' figures, for every now and then. */
export const RULES_FROM_TIME_TO_TIME: readonly Rule[] = [belowMeanSuccess];

/** Rules over the last answers of all nodes, for several times a second. */
export const RULES_OF_LATENCY: readonly Rule[] = [tooSlow];

function failuresInARow({ now, own, peers, settings }: Suspicion): string | undefined {
  const { consecutiveFailures, peerFactor } = settings;
  if (consecutiveFailures === 0 || own.inARow < consecutiveFailures) return undefined;
  const worse = share(own.counts(now)) >= share(total(peers(), now)) * peerFactor;
  return worse ? `${own.inARow} failures in a row` : undefined;
}

function failureShare({ now, own, peers, settings }: Suspicion): string | undefined {
  const { failureRatio, minCalls, peerFactor } = settings;
  if (failureRatio === 0) return undefined;
  const counts = own.counts(now);
  if (counts.calls < minCalls || share(counts) < failureRatio) return undefined;
  const peerShare = share(total(peers(), now));
  if (share(counts) < peerShare * peerFactor) return undefined;
  return `${percent(share(counts))} of ${counts.calls} calls failed, peers ${percent(peerShare)}`;
}

/** Sums of equal shares are not always equal. */
const ROUNDING = 1e-9;

/** Peers of which more attempts than this share ended for too much to do have no room for another's work. */
const STRAINED_RATIO = 0.05;

function belowMeanSuccess({ now, own, peers, settings }: Suspicion): string | undefined {
  const { stdevFactor, stdevMinNodes, stdevMinCalls } = settings;
  if (stdevFactor === 0) return undefined;
  const counts = own.counts(now);
  if (counts.calls < stdevMinCalls || counts.failures === 0) return undefined;
  const shares = [counts, ...inUse(peers()).map((peer) => peer.counts(now))]
    .filter(({ calls }) => calls >= stdevMinCalls)
    .map((each) => 1 - share(each));
  if (shares.length < stdevMinNodes) return undefined;
  const mean = average(shares);
  const stdev = Math.sqrt(average(shares.map((each) => (each - mean) ** 2)));
  if (1 - share(counts) >= mean - stdevFactor * stdev - ROUNDING) return undefined;
  return `${percent(share(counts))} of ${counts.calls} calls failed, ${percent(1 - mean)} on average of ${shares.length} nodes`;
}

function tooSlow({ now, own, peers, settings }: Suspicion): string | undefined {
  if (settings.latencyFactor === 0 || own.latencies === undefined) return undefined;
  const cause = slowerThanPeers(own.latencies, () => latenciesOf(peers()), now, settings);
  // Who has too much to do is slow for that, and with one node less the others have more: that is how a fleet goes down.
  return cause === undefined || areStrained(peers(), now) ? undefined : cause;
}

function areStrained(nodes: readonly NodeFigures[], now: number): boolean {
  let strains = 0;
  for (const node of nodes) strains += node.strains(now);
  return strains > 0 && strains > (total(nodes, now).calls + strains) * STRAINED_RATIO;
}

/** The latencies of the nodes that are in use. */
export function latenciesOf(nodes: readonly NodeFigures[]): readonly LatencyWindow[] {
  const windows: LatencyWindow[] = [];
  for (const { isEjected, latencies } of nodes)
    if (!isEjected && latencies !== undefined) windows.push(latencies);
  return windows;
}

/** Those that are out already would hide the next one. */
function inUse(nodes: readonly NodeFigures[]): readonly NodeFigures[] {
  return nodes.filter((node) => !node.isEjected);
}

function total(nodes: readonly NodeFigures[], now: number): AttemptCounts {
  let calls = 0;
  let failures = 0;
  for (const node of nodes) {
    const counts = node.counts(now);
    calls += counts.calls;
    failures += counts.failures;
  }
  return { calls, failures };
}

/** The failure share; 0 without a call. */
function share({ calls, failures }: AttemptCounts): number {
  return failures / Math.max(1, calls);
}

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(2))} %`;
}
