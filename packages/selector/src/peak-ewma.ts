import type { Random } from '@micromesh/core';
import type { Candidate } from './candidate.js';
import type { AttemptSample, Strategy } from './strategy.js';
import { effectiveWeight, NO_WARM_UP, type WarmUp } from './warm-up.js';
import { WeightedDraw } from './weighted-draw.js';

/** Time in which what is known of a node falls to 1/e: Linkerd's default. */
const DECAY_MS = 10_000;

/** Assumed of a node that has been picked and has not answered yet. */
const UNKNOWN_LATENCY_MS = 1000;

/** A sample counts at least this much for the failure share, however close it follows the last: eight tell a change. */
const LEAST_GAIN = 1 / 8;

/**
 * The cost of a node is multiplied by 1 + this x failure share squared: by 200 where it fails every call, by 3 where it fails one in ten
 * (one stray failure is close to that), by 1.02 where it fails one in a hundred.
 */
const FAILURE_FACTOR = 200;

/** What is known of a node. */
interface Experience {
  /** Highest latency of an answer, decaying; undefined before the first one. */
  latencyMs: number | undefined;
  answeredAt: number;
  /** Share of attempts that failed lately, in [0, 1]. */
  failureShare: number;
  sampledAt: number;
  pickedAt: number;
}

/**
 * Draws two nodes, and takes the one where a call is likely to be answered first: by latency x attempts under way / weight.
 *
 * Latency jumps to a peak at once and decays over 10 s. Failures raise the cost by their share, and their own durations count
 * for nothing: a node that fails fast looks bad, not quick. The longer a node has not been picked the less its past counts, so that each
 * is tried again in time, with one call: at that pick the past is back in force until the call is answered. So it is with a node that
 * nothing is known of.
 *
 * The draw goes by weight, so the cost weighs attempts under way alone; where weights are equal it is latency x (inFlight + 1) / weight.
 * Source: Twitter's Finagle, `PeakEwma`; Linkerd's `peak_ewma`, and its penalty for failures.
 */
export class PeakEwma implements Strategy {
  readonly name = 'peak-ewma';
  readonly #warmUp: WarmUp;
  readonly #draw: WeightedDraw;
  readonly #experience = new WeakMap<Candidate, Experience>();

  /** @param warmUp - of nodes that join or return; default: none. */
  constructor(random: Random, warmUp = NO_WARM_UP) {
    this.#warmUp = warmUp;
    this.#draw = new WeightedDraw(random, warmUp);
  }

  pick(candidates: readonly Candidate[], now: number): Candidate {
    const candidate = this.#choose(candidates, now);
    this.#of(candidate).pickedAt = now;
    return candidate;
  }

  observe(candidate: Candidate, sample: AttemptSample): void {
    const known = this.#of(candidate);
    const gain = Math.max(LEAST_GAIN, 1 - decay(sample.now - known.sampledAt));
    known.failureShare += gain * ((sample.failed ? 1 : 0) - known.failureShare);
    known.sampledAt = sample.now;
    if (sample.failed) return;
    const remembered = (known.latencyMs ?? 0) * decay(sample.now - known.answeredAt);
    known.latencyMs = Math.max(sample.latencyMs, remembered);
    known.answeredAt = sample.now;
  }

  #choose(candidates: readonly Candidate[], now: number): Candidate {
    if (candidates.length === 1) return candidates[0] as Candidate;
    const index = this.#draw.index(candidates, now);
    const first = candidates[index] as Candidate;
    const second = candidates[this.#draw.index(candidates, now, index)] as Candidate;
    const firstWeight = effectiveWeight(first, now, this.#warmUp);
    const secondWeight = effectiveWeight(second, now, this.#warmUp);
    // The call to be placed, for which the draw has made up already.
    const own = 2 / (firstWeight + secondWeight);
    const firstCost = this.#latencyCost(first, now) * (first.inFlight / firstWeight + own);
    const secondCost = this.#latencyCost(second, now) * (second.inFlight / secondWeight + own);
    return secondCost < firstCost ? second : first;
  }

  /** In milliseconds: how long a call is likely to wait for its answer, were it the next. */
  score(candidate: Candidate, now: number): number {
    const weight = effectiveWeight(candidate, now, this.#warmUp);
    return this.#latencyCost(candidate, now) * ((candidate.inFlight + 1) / weight);
  }

  #latencyCost(candidate: Candidate, now: number): number {
    const known = this.#experience.get(candidate);
    if (known === undefined) return 0;
    const { latencyMs = UNKNOWN_LATENCY_MS, failureShare, sampledAt, pickedAt } = known;
    const cost = latencyMs * (1 + FAILURE_FACTOR * failureShare * failureShare);
    return cost * decay(now - Math.max(sampledAt, pickedAt));
  }

  #of(candidate: Candidate): Experience {
    let known = this.#experience.get(candidate);
    if (known === undefined) {
      const never = Number.NEGATIVE_INFINITY;
      known = { latencyMs: undefined, answeredAt: never, failureShare: 0, sampledAt: never, pickedAt: never };
      this.#experience.set(candidate, known);
    }
    return known;
  }
}

function decay(elapsedMs: number): number {
  return Math.exp(-elapsedMs / DECAY_MS);
}
