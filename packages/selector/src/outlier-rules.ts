import type { AttemptCounts } from './attempt-window.js';
import type { OutlierSettings } from './outlier-settings.js';

/** What is known of one node, as the rules see it. */
export interface NodeFigures {
  /** Failures in a row up to now. */
  readonly inARow: number;
  readonly isEjected: boolean;
  counts(now: number): AttemptCounts;
  /** 90th percentile of its successes, in ms; undefined where none is known. */
  slowMs(now: number): number | undefined;
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
type Rule = (suspicion: Suspicion) => string | undefined;

/** Rules that hold at each attempt. */
export const RULES_AT_ONCE: readonly Rule[] = [failuresInARow, failureShare];

/** Rules over all nodes' figures, for every now and then. */
export const RULES_FROM_TIME_TO_TIME: readonly Rule[] = [belowMeanSuccess, slowerThanPeers];

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

function slowerThanPeers({ now, own, peers, settings }: Suspicion): string | undefined {
  const { latencyFactor, minCalls } = settings;
  if (latencyFactor === 0) return undefined;
  const { calls } = own.counts(now);
  const ownMs = calls < minCalls ? undefined : own.slowMs(now);
  if (ownMs === undefined) return undefined;
  const peersMs = inUse(peers())
    .filter((peer) => peer.counts(now).calls >= minCalls)
    .map((peer) => peer.slowMs(now))
    .filter((ms) => ms !== undefined);
  const medianMs = median(peersMs);
  if (medianMs === undefined || ownMs < medianMs * latencyFactor) return undefined;
  return `p90 of ${calls} calls is ${milliseconds(ownMs)}, of peers ${milliseconds(medianMs)}`;
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

/** The lower one of the middle two. */
function median(numbers: readonly number[]): number | undefined {
  return [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(2))} %`;
}

function milliseconds(ms: number): string {
  return `${Number(ms.toPrecision(2))} ms`;
}
