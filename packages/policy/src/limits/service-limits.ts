import type { ConcurrencyLimitRule, LimitRule, RateLimitRule } from './limit-rules.js';

/** Methods whose limits are kept; those of further ones (a generic proxy passes on any path) are found anew. */
const MAX_METHODS = 1024;

/** The limits that count for a method: all of them must let a call through. */
export interface MethodLimits {
  readonly rates: readonly RateLimitRule[];
  /** In one order for all methods, so that no two calls wait for each other: the narrowest first, since a call holds its places while it waits. */
  readonly concurrency: readonly ConcurrencyLimitRule[];
}

/** What one version of the policies says of the calls of a service on one side. */
export class ServiceLimits {
  readonly rules: readonly LimitRule[];
  /** Where no limit names methods. */
  readonly #all: MethodLimits | undefined;
  readonly #byPath = new Map<string, MethodLimits | null>();

  constructor(rules: readonly LimitRule[]) {
    this.rules = rules;
    if (rules.every(({ methods }) => methods === undefined)) this.#all = methodLimits(rules);
  }

  /**
   * The limits for a method; the object is the same for the same method, as long as there are not too many. Undefined: there are none.
   *
   * @param path - `/hello.v1.Hello/Anything`
   */
  of(path: string): MethodLimits | undefined {
    if (this.#all !== undefined) return this.#all;
    const known = this.#byPath.get(path);
    if (known !== undefined) return known ?? undefined;
    const found = methodLimits(this.rules.filter((rule) => isFor(rule, path)));
    if (this.#byPath.size < MAX_METHODS) this.#byPath.set(path, found ?? null);
    return found;
  }
}

function methodLimits(rules: readonly LimitRule[]): MethodLimits | undefined {
  if (rules.length === 0) return undefined;
  return {
    rates: rules.filter((rule) => rule.kind === 'rate'),
    concurrency: rules.filter((rule) => rule.kind === 'concurrency').sort(byWidth),
  };
}

function byWidth(a: ConcurrencyLimitRule, b: ConcurrencyLimitRule): number {
  const width = a.maxConcurrent.value - b.maxConcurrent.value;
  if (width !== 0) return width;
  return a.key < b.key ? -1 : 1;
}

function isFor({ methods }: LimitRule, path: string): boolean {
  if (methods === undefined) return true;
  return methods.value.some((method) =>
    method.endsWith('/*')
      ? path.slice(0, path.lastIndexOf('/') + 1) === method.slice(0, -1)
      : method === path,
  );
}
