import { type Clock, formatServiceKey, type ServiceKey } from '@micromesh/core';
import type { LimitRule, LimitSide } from './limit-rules.js';
import { PlaceCounter } from './place-counter.js';
import { type LimitedCall, RateCounter } from './rate-counter.js';
import type { MethodLimits, ServiceLimits } from './service-limits.js';

/** One version of the policies, as far as it limits calls. */
export interface LimitPolicies {
  /** Of all limits: what is not among them is counted no more. */
  readonly limitKeys: ReadonlySet<string>;
  /** Undefined: the calls of the service are not limited on this side. */
  limitsOf(service: ServiceKey, side: LimitSide): ServiceLimits | undefined;
  /** Those that only count what they would have refused; undefined: there are none. */
  readonly dryRunLimits?: LimitPolicies | undefined;
}

/** Which version is in force. */
export interface LimitPolicyView {
  /** Replaced as a whole; undefined: none has been heard of. */
  readonly current: LimitPolicies | undefined;
}

/** What counts the calls of a method. */
export interface MethodCounters {
  readonly rates: readonly RateCounter[];
  /** In the order in which a call takes its places. */
  readonly places: readonly PlaceCounter[];
}

/**
 * The counts of all clients of a mesh, or of one server. A count belongs to a service, a resource, and what that says: it outlives a version
 * of the policies that leaves the resource as it was.
 */
export class LimitCounters {
  readonly #side: LimitSide;
  readonly #view: LimitPolicyView;
  readonly #clock: Clock;
  /** That the counts were cleared for. */
  #policies: LimitPolicies | undefined;
  readonly #rates = new Map<string, RateCounter>();
  readonly #places = new Map<string, PlaceCounter>();
  #dryRun: LimitCounters | undefined;
  /** By what was prepared for a method: one look for each call. */
  readonly #bound = new WeakMap<MethodLimits, MethodCounters>();

  constructor(side: LimitSide, view: LimitPolicyView, clock: Clock) {
    this.#side = side;
    this.#view = view;
    this.#clock = clock;
  }

  /** Counts that are kept. */
  get size(): number {
    return this.#rates.size + this.#places.size;
  }

  /**
   * What counts a call; undefined: nothing does.
   *
   * @param began - the version that the call began under; undefined: that in force.
   */
  of(
    service: ServiceKey,
    { method }: Pick<LimitedCall, 'method'>,
    began?: LimitPolicies,
  ): MethodCounters | undefined {
    const { current } = this.#view;
    if (current !== this.#policies) this.#follow(current);
    if (current === undefined) return undefined;
    const limits = (began ?? current).limitsOf(service, this.#side)?.of(method.path);
    return limits === undefined ? undefined : (this.#bound.get(limits) ?? this.#bind(service, limits));
  }

  /** What counts for the limits in dry-run. */
  get dryRun(): LimitCounters {
    const view = this.#view;
    this.#dryRun ??= new LimitCounters(
      this.#side,
      {
        get current() {
          return view.current?.dryRunLimits;
        },
      },
      this.#clock,
    );
    return this.#dryRun;
  }

  /** Calls under way hold what they count with themselves. */
  #follow(policies: LimitPolicies | undefined): void {
    this.#policies = policies;
    for (const counters of [this.#rates, this.#places]) {
      for (const [name, { rule }] of counters)
        if (policies?.limitKeys.has(rule.key) !== true) counters.delete(name);
    }
  }

  #bind(service: ServiceKey, limits: MethodLimits): MethodCounters {
    const { rates, concurrency } = limits;
    const counters = {
      rates: rates.map((rule) =>
        kept(this.#rates, service, rule, () => new RateCounter(rule, this.#clock.now())),
      ),
      places: concurrency.map((rule) => kept(this.#places, service, rule, () => new PlaceCounter(rule))),
    };
    this.#bound.set(limits, counters);
    return counters;
  }
}

function kept<T>(counters: Map<string, T>, service: ServiceKey, { key }: LimitRule, make: () => T): T {
  const name = `${formatServiceKey(service)} ${key}`;
  let counter = counters.get(name);
  if (counter === undefined) {
    counter = make();
    counters.set(name, counter);
  }
  return counter;
}
