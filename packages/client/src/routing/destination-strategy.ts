import type { Random } from '@micromesh/core';
import type {
  LoadBalancerRule,
  LoadBalancerStrategy,
  LocalitySettings,
  WarmupSettings,
} from '@micromesh/policy';
import { isInLocality } from '@micromesh/policy/route';
import {
  type AttemptSample,
  type Candidate,
  createStrategy,
  type KeyTable,
  type LocalityRule,
  Maglev,
  RingHash,
  type Strategy,
  slowStart,
  type WarmUp,
  warmUpCurve,
} from '@micromesh/selector';
import { type HashKeyOf, hashKeyOf } from './hash-key.js';

/** Of a service: more rules than subsets and ports have at a time are those of past versions. */
const MAX_KEPT = 64;

/** How an operator's rule chooses nodes. */
export interface DestinationStrategy {
  readonly strategy: Strategy;
  /** Where calls that bring no key of their own have theirs; undefined: they need none. */
  readonly keyOf: HashKeyOf | undefined;
}

/**
 * The strategies of one service that operators' rules ask for. Rules that say the same have the same strategy, in whatever version of the policies
 * they are, so that what it remembers outlives the versions that leave it alone.
 */
export class DestinationStrategies {
  readonly #random: Random;
  readonly #slowStartMs: number;
  readonly #byRule = new WeakMap<LoadBalancerRule, DestinationStrategy>();
  /** By what is said; the one that was asked for last is last. */
  readonly #byContent = new Map<string, Strategy>();

  /** @param slowStartMs - of the mesh: counts where a rule says nothing of a warm-up. */
  constructor(random: Random, slowStartMs: number) {
    this.#random = random;
    this.#slowStartMs = slowStartMs;
  }

  /** The strategy that a rule asks for. */
  of(rule: LoadBalancerRule): DestinationStrategy {
    let found = this.#byRule.get(rule);
    if (found === undefined) {
      const { value } = rule.strategy;
      found = {
        strategy: this.#kept(rule),
        keyOf: value.kind === 'consistent-hash' ? hashKeyOf(value.source) : undefined,
      };
      this.#byRule.set(rule, found);
    }
    return found;
  }

  #kept({ strategy: { value }, warmup, locality }: LoadBalancerRule): Strategy {
    // Where the keys come from is no matter of the table.
    const algorithm = value.kind === 'consistent-hash' ? value.algorithm : value.kind;
    const curve = warmup && curveOf(warmup);
    const content = JSON.stringify([algorithm, curve, locality && saidOf(locality)]);
    const strategy = this.#byContent.get(content) ?? this.#make(value, curve && warmUpCurve(curve), locality);
    this.#byContent.delete(content);
    this.#byContent.set(content, strategy);
    if (this.#byContent.size > MAX_KEPT) {
      const [oldest] = this.#byContent.keys();
      if (oldest !== undefined) this.#byContent.delete(oldest);
    }
    return strategy;
  }

  #make(
    value: LoadBalancerStrategy,
    warmUp: WarmUp | undefined,
    locality: LocalitySettings | undefined,
  ): Strategy {
    const strategy = this.#plain(value, warmUp ?? slowStart(this.#slowStartMs));
    return locality === undefined ? strategy : new LocalStrategy(strategy, localityRule(locality));
  }

  #plain(value: LoadBalancerStrategy, warmUp: WarmUp): Strategy {
    if (value.kind !== 'consistent-hash') return createStrategy(value.kind, this.#random, warmUp);
    const { algorithm } = value;
    return algorithm.kind === 'maglev'
      ? new Maglev(this.#random, algorithm.tableSize)
      : new RingHash(this.#random, algorithm.minimumRingSize);
  }
}

/** A strategy among the nodes that an operator's rule has near. */
class LocalStrategy implements Strategy {
  readonly name: string;
  readonly keyTable?: (candidates: readonly Candidate[]) => KeyTable;
  readonly observe?: (candidate: Candidate, sample: AttemptSample) => void;
  readonly score?: (candidate: Candidate, now: number) => number;
  readonly #inner: Strategy;

  constructor(
    inner: Strategy,
    readonly locality: LocalityRule,
  ) {
    this.#inner = inner;
    this.name = inner.name;
    if (inner.keyTable !== undefined) this.keyTable = inner.keyTable.bind(inner);
    if (inner.observe !== undefined) this.observe = inner.observe.bind(inner);
    if (inner.score !== undefined) this.score = inner.score.bind(inner);
  }

  pick(candidates: readonly Candidate[], now: number): Candidate {
    return this.#inner.pick(candidates, now);
  }
}

function curveOf({ durationMs, minimumRatio, aggression }: WarmupSettings) {
  return {
    durationMs: durationMs.value,
    minimumRatio: minimumRatio.value,
    aggression: aggression.value,
  };
}

/** All that is said of localities, without where it is said. */
function saidOf({ enabled, shares, failoverRegion, failoverLabels, failsOver }: LocalitySettings): object {
  return [enabled.value, shares?.value, failoverRegion?.value, failoverLabels?.value, failsOver];
}

/**
 * As Istio's ApplyLocalityLoadBalancer: shares count alone; else near nodes come first, where failing ones are detected. Source:
 * pilot/pkg/networking/core/loadbalancer/loadbalancer.go.
 */
function localityRule(settings: LocalitySettings): LocalityRule {
  const { enabled, shares, failoverRegion, failoverLabels, failsOver } = settings;
  if (!enabled.value) return { kind: 'even' };
  if (shares !== undefined) {
    return {
      kind: 'shares',
      shares: shares.value.map(({ locality, ratio }) => ({
        ratio,
        includes: ({ labels }) => isInLocality(locality, labels),
      })),
    };
  }
  if (!failsOver) return { kind: 'even' };
  if (failoverLabels !== undefined) return { kind: 'labels', labels: failoverLabels.value };
  return { kind: 'failover', takeover: failoverRegion?.value };
}
