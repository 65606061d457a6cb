import type { Method } from '@micromesh/core';
import { filterKey, type Strategy } from '@micromesh/selector';
import { BACKOFF_DEFAULTS } from '../retry/backoff.js';
import { MethodLatencies } from '../retry/method-latencies.js';
import { retryOnError } from '../retry/retry-function.js';
import type { CallOptions } from './call-options.js';
import type { CallPlan } from './call-plan.js';
import { CodeWord } from './code-word.js';
import type { CodeSettings, PlanDefaults } from './plan-defaults.js';

/** Time for a unary call of which nobody said how long it may take: go-micro's. */
export const DEFAULT_TIMEOUT_MS = 5000;

/** Methods whose plans are kept; further ones are planned at each call. */
const MAX_METHODS = 1024;

const NOTHING: CodeSettings & CallOptions = {};

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
   * @param mesh - the mesh's alone; default: there are none.
   */
  constructor(
    private readonly defaults: PlanDefaults,
    private readonly strategy: Strategy,
    private readonly latencies = new MethodLatencies(),
    own: CodeSettings = defaults,
    mesh: CodeSettings = NOTHING,
  ) {
    this.#said = new CodeWord(NOTHING, own, mesh);
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
      keyOf: undefined,
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
    said: new CodeWord(options, base.said.client, base.said.mesh),
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
    keyOf: base.keyOf,
    waitForReady: options.waitForReady ?? base.waitForReady,
    idempotencyKey: options.idempotencyKey ?? base.idempotencyKey,
    latency: base.latency,
    way: base.way,
    inheritedAttempts: base.inheritedAttempts,
  };
}
