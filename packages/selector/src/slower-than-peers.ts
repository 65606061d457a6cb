import { LATENCY_SLOT_MS, type LatencyWindow, type SlowCounts } from './latency-window.js';
import { surprise } from './surprise.js';

/** Slow answers that it takes: fewer may be one caller's rare request. */
const MIN_SLOW = 6;

/** This share of a node's answers is slow, of a second or more. */
const SLOW_RATIO = 0.75;

/** And of less: a node that is slow for some of its calls has moments when there is little else. */
const BRIEFLY_SLOW_RATIO = 0.9;
const BRIEF_SLOTS = 1000 / LATENCY_SLOT_MS;

/** Slow answers lie at least this many slots apart: all that one stall has held up comes at once. */
const MIN_SPREAD_SLOTS = 3;

/** What peers must have answered during the time that is judged: where all became slow at once, they show it. */
const MIN_ANSWERS_MEANWHILE = 5;

/** That many of the peers' answers may be slow: the rest of their 90th percentile. */
const PEERS_SLOW_RATIO = 0.1;

/** By chance not twice in 10^9 comparisons; a node has 3 x 10^7 a month at most. */
const MIN_SURPRISE = 20;

/** What is too slow, compared with others. */
export interface SlowLimits {
  /** Times the peers' 90th percentile. */
  readonly latencyFactor: number;
  /** And as many ms above it. */
  readonly latencyFloorMs: number;
}

/**
 * Why a node is slower than its peers, in words, or undefined. What is slow is measured by the peers' 90th percentiles, the median of them.
 * Of the node's latest answers, as far back as it takes, three quarters are slow and of its peers' in the same time at most a tenth; and
 * that is more than chance makes of answers that are quick or slow by themselves, whatever share of them is.
 */
export function slowerThanPeers(
  own: LatencyWindow,
  peers: () => readonly LatencyWindow[],
  now: number,
  limits: SlowLimits,
): string | undefined {
  if (own.counts(now, limits.latencyFloorMs).slow < MIN_SLOW) return undefined;
  const measure = measureOf(peers(), now, limits);
  if (measure === undefined) return undefined;
  const { limitMs, p90, measured } = measure;
  if (own.counts(now, limitMs).slow < MIN_SLOW) return undefined;
  // Peers that are slow as well, a minority by the choice of the limit, would hide that it is.
  const quick = measured.filter((peer) => {
    const { answers, slow } = peer.counts(now, limitMs);
    return slow * 2 <= answers;
  });
  const found = latestSlow(own, quick, now, limitMs);
  if (found === undefined) return undefined;
  const { answers, slow } = found;
  return `${slow} of its last ${answers} answers took over ${Math.round(limitMs)} ms, p90 of peers is ${Number(p90.toPrecision(2))} ms`;
}

/** What is slow, by the nodes that have answered enough to say so. */
interface Measure {
  readonly limitMs: number;
  /** The lower median of the nodes' 90th percentiles. */
  readonly p90: number;
  readonly measured: readonly LatencyWindow[];
}

function measureOf(
  peers: readonly LatencyWindow[],
  now: number,
  { latencyFactor, latencyFloorMs }: SlowLimits,
): Measure | undefined {
  const measured: LatencyWindow[] = [];
  const p90s: number[] = [];
  for (const peer of peers) {
    const itsP90 = peer.p90(now);
    if (itsP90 === undefined) continue;
    measured.push(peer);
    p90s.push(itsP90);
  }
  const p90 = lowerMedian(p90s);
  if (p90 === undefined) return undefined;
  return { limitMs: Math.max(p90 * latencyFactor, p90 + latencyFloorMs), p90, measured };
}

/** The 90th percentile of most nodes, the median of them, in ms; undefined where too little is known of them. */
export function p90Of(nodes: readonly LatencyWindow[], now: number): number | undefined {
  return measureOf(nodes, now, { latencyFactor: 1, latencyFloorMs: 0 })?.p90;
}

/** From where on an answer is slow, in ms, by what a node's peers take; undefined where too little is known of them. */
export function slowLimitMs(
  peers: readonly LatencyWindow[],
  now: number,
  limits: SlowLimits,
): number | undefined {
  return measureOf(peers, now, limits)?.limitMs;
}

/** The shortest time up to now in which the node is slow beyond chance. */
function latestSlow(
  own: LatencyWindow,
  peers: readonly LatencyWindow[],
  now: number,
  limitMs: number,
): SlowCounts | undefined {
  const lately = sum(peers.map((peer) => peer.counts(now, limitMs)));
  const peersByAge = peers.map((peer) => peer.countsByAge(now, limitMs));
  let answers = 0;
  let slow = 0;
  let meanwhile = sum([]);
  let latestSlowAge: number | undefined;
  for (const [age, counts] of own.countsByAge(now, limitMs).entries()) {
    answers += counts.answers;
    slow += counts.slow;
    meanwhile = sum([meanwhile, ...peersByAge.flatMap((ages) => ages[age] ?? [])]);
    if (counts.slow === 0) continue;
    latestSlowAge ??= age;
    const ratio = age < BRIEF_SLOTS ? BRIEFLY_SLOW_RATIO : SLOW_RATIO;
    const isSlow = slow >= MIN_SLOW && slow >= answers * ratio;
    const isNoStall = age - latestSlowAge >= MIN_SPREAD_SLOTS;
    if (!isSlow || !isNoStall || !isQuick(meanwhile)) continue;
    const odds = surprise({ part: slow, of: answers }, { part: lately.slow, of: lately.answers });
    if (odds >= MIN_SURPRISE) return { answers, slow };
  }
  return undefined;
}

function isQuick({ answers, slow }: SlowCounts): boolean {
  return answers >= MIN_ANSWERS_MEANWHILE && slow <= answers * PEERS_SLOW_RATIO;
}

function sum(all: readonly SlowCounts[]): SlowCounts {
  let answers = 0;
  let slow = 0;
  for (const each of all) {
    answers += each.answers;
    slow += each.slow;
  }
  return { answers, slow };
}

/** The lower one of the middle two; undefined of none. */
function lowerMedian(numbers: readonly number[]): number | undefined {
  return Float64Array.from(numbers).sort()[Math.floor((numbers.length - 1) / 2)];
}
