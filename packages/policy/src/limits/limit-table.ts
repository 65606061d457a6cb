import type { ServiceKey } from '@micromesh/core';
import { matchesService } from '../hosts/service-pattern.js';
import type { Resource } from '../validate/resource.js';
import { type CompiledLimit, compileLimit } from './compile-limit.js';
import type { LimitPolicies } from './limit-counters.js';
import type { LimitSide } from './limit-rules.js';
import { ServiceLimits } from './service-limits.js';

/** The limits of one version of the policies, found by the service and the side that they are for. */
export class LimitTable implements LimitPolicies {
  readonly limitKeys: ReadonlySet<string>;
  readonly #sides: Readonly<Record<LimitSide, LimitsOfSide | undefined>>;

  /** @param resources - those that count together: in force, or in dry-run. */
  constructor(resources: readonly Resource[]) {
    const limits = resources.flatMap((resource) =>
      resource.kind === 'RateLimit' || resource.kind === 'ConcurrencyLimit'
        ? (compileLimit(resource) ?? [])
        : [],
    );
    this.limitKeys = new Set(limits.map(({ rule }) => rule.key));
    this.#sides = { client: ofSide(limits, 'client'), server: ofSide(limits, 'server') };
  }

  limitsOf(service: ServiceKey, side: LimitSide): ServiceLimits | undefined {
    return this.#sides[side]?.of(service);
  }
}

function ofSide(limits: readonly CompiledLimit[], side: LimitSide): LimitsOfSide | undefined {
  const own = limits.filter((limit) => limit.side === side);
  return own.length === 0 ? undefined : new LimitsOfSide(own);
}

class LimitsOfSide {
  readonly #limits: readonly CompiledLimit[];
  /** By the key itself: who asks for each call does so with the same one. `null`: there are none. */
  readonly #byKey = new WeakMap<ServiceKey, ServiceLimits | null>();

  constructor(limits: readonly CompiledLimit[]) {
    this.#limits = limits;
  }

  of(service: ServiceKey): ServiceLimits | undefined {
    let found = this.#byKey.get(service);
    if (found === undefined) {
      // Not the most specific host alone, as with rules: each of them is a bound.
      const rules = this.#limits
        .filter(({ pattern }) => matchesService(pattern, service))
        .map(({ rule }) => rule);
      found = rules.length === 0 ? null : new ServiceLimits(rules);
      this.#byKey.set(service, found);
    }
    return found ?? undefined;
  }
}
