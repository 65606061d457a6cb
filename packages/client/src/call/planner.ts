import type { Method } from '@micromesh/core';
import { filterKey, type NodeFilter, type Strategy } from '@micromesh/selector';
import { BACKOFF_DEFAULTS } from '../retry/backoff.js';
import { MethodLatencies } from '../retry/method-latencies.js';
import { type RetryFunction, retryOnError } from '../retry/retry-function.js';
import type { CallOptions } from './call-options.js';
import type { CallPlan, CodeWord } from './call-plan.js';

/** Time for a unary call of which nobody said how long it may take: go-micro's. */
export const DEFAULT_TIMEOUT_MS = 5000;

/** Methods whose plans are kept; further ones are planned at each call. */
const MAX_METHODS = 1024;

/** What a client says for all its calls, over what the mesh says. */
export interface PlanDefaults
  extends Omit<CallOptions, 'signal' | 'metadata' | 'hashKey' | 'idempotent' | 'idempotencyKey'> {
  /** Names of methods that may run twice (as the definition or the .proto has them), or all. */
  readonly idempotent?: readonly string[] | boolean;
  readonly retry?: RetryFunction;
  readonly filter?: NodeFilter;
  /** A random key on every call: see {@link CallOptions.idempotencyKey}. */
  readonly idempotencyKey?: boolean;
}

/**
 * Merges options into plans: call > client > mesh > default, value by value. A plan is made once for each method; only a
 * call that says something of its own gets one of its own.
 */
export class Planner {
  readonly #byMethod = new Map<string, CallPlan>();
  readonly #said: CodeWord;

  /**
   * @param defaults - the client's, merged over the mesh's.
   * @param strategy - of the service, shared by its clients.
   * @param latencies - likewise.
   * @param own - the client's alone; default: all of them are.
   */
  constructor(
    private readonly defaults: PlanDefaults,
    private readonly strategy: Strategy,
    private readonly latencies = new MethodLatencies(),
    own: PlanDefaults = defaults,
  ) {
    this.#said = { timeoutMs: own.timeoutMs, retries: own.retries, retry: own.retry };
  }

  /** The plan of a call. */
  plan(method: Method, options: CallOptions): CallPlan {
    let base = this.#byMethod.get(method.path);
    if (base === undefined) {
      base = this.#base(method);
      // A generic proxy passes on whatever paths it is sent.
      if (this.#byMethod.size < MAX_METHODS) this.#byMethod.set(method.path, base);
    }
    return saysNothing(options) ? base : overlay(base, options);
  }

  #base(method: Method): CallPlan {
    const { defaults } = this;
    const filter = defaults.filter ?? {};
    return {
      // Only a unary call has a usual length; a stream, or a kind that is not known, may be meant to last.
      timeoutMs: method.kind === 'unary' ? (defaults.timeoutMs ?? DEFAULT_TIMEOUT_MS) : undefined,
      limitMs: undefined,
      said: this.#said,
      retries: defaults.retries ?? 1,
      retry: defaults.retry ?? retryOnError,
      idempotent: this.#isIdempotent(method),
      attemptTimeoutMs: defaults.attemptTimeoutMs,
      backoff: { ...BACKOFF_DEFAULTS, ...defaults.backoff },
      hedge: defaults.hedge ?? false,
      strategy: this.strategy,
      filter,
      filterKey: filterKey(filter),
      hashKey: undefined,
      waitForReady: defaults.waitForReady ?? false,
      idempotencyKey: defaults.idempotencyKey === true ? true : undefined,
      latency: method.kind === 'unary' ? this.latencies.of(method.path) : undefined,
      way: undefined,
      inheritedAttempts: 0,
    };
  }

  #isIdempotent(method: Method): boolean {
    const { idempotent } = this.defaults;
    if (typeof idempotent === 'boolean') return idempotent;
    const named = idempotent?.some((name) => name.toLowerCase() === method.name.toLowerCase());
    return named === true || method.idempotency === 'idempotent';
  }
}

/** A deadline, a signal and metadata are the call's own in any case and need no plan. */
function saysNothing(options: CallOptions): boolean {
  return (
    options.retries === undefined &&
    options.retry === undefined &&
    options.idempotent === undefined &&
    options.attemptTimeoutMs === undefined &&
    options.backoff === undefined &&
    options.hedge === undefined &&
    options.filter === undefined &&
    options.hashKey === undefined &&
    options.waitForReady === undefined &&
    options.idempotencyKey === undefined
  );
}

function overlay(base: CallPlan, options: CallOptions): CallPlan {
  const filter = options.filter === undefined ? base.filter : { ...base.filter, ...options.filter };
  return {
    timeoutMs: base.timeoutMs,
    limitMs: base.limitMs,
    said: {
      timeoutMs: base.said.timeoutMs,
      retries: options.retries ?? base.said.retries,
      retry: options.retry ?? base.said.retry,
    },
    retries: options.retries ?? base.retries,
    retry: options.retry ?? base.retry,
    idempotent: options.idempotent ?? base.idempotent,
    attemptTimeoutMs: options.attemptTimeoutMs ?? base.attemptTimeoutMs,
    backoff: options.backoff === undefined ? base.backoff : { ...base.backoff, ...options.backoff },
    hedge: options.hedge ?? base.hedge,
    strategy: base.strategy,
    filter,
    filterKey: options.filter === undefined ? base.filterKey : filterKey(filter),
    hashKey: options.hashKey,
    waitForReady: options.waitForReady ?? base.waitForReady,
    idempotencyKey: options.idempotencyKey ?? base.idempotencyKey,
    latency: base.latency,
    way: base.way,
    inheritedAttempts: base.inheritedAttempts,
  };
}
