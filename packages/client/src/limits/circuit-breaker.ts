import {
  type BreakerState,
  type Clock,
  events,
  type MethodKind,
  type Outcome,
  type Random,
  type ServiceKey,
  statusName,
} from '@micromesh/core';
import type { BreakerVerdict } from './breaker-verdict.js';
import { FailureWindow } from './failure-window.js';
import type { BreakerRules } from './limit-settings.js';

/** What a breaker needs to know of a call that tries whether the method works again. */
export interface TrialCall {
  readonly method: { readonly kind: MethodKind };
  /** On the mesh's clock; Infinity: none. */
  readonly deadline: number;
  /** Set as soon as an attempt has brought the first of a response. */
  readonly winner: unknown;
  /** An attempt may have won because the request was too large to be kept, without a response. */
  readonly overflowed: boolean;
}

/** What a breaker stands on. */
export interface BreakerParts {
  readonly service: ServiceKey;
  /** For events: `/hello.v1.Hello/Anything` */
  readonly method: string;
  readonly rules: BreakerRules;
  readonly clock: Clock;
  readonly random: Random;
}

/** An order by hand: it holds until it is taken back, whatever the calls do. */
export interface BreakerOrder {
  readonly state: 'open' | 'closed';
  readonly cause: string;
}

/** A call that was let in: which time of its breaker it belongs to. */
export type Pass = number;

/**
 * The circuit breaker of one method. Closed it counts final outcomes; when they break a rule it refuses every call for a while
 * (open), then lets a few try (half-open): one that fails opens it again, all going well closes it. It needs no timer.
 */
export class CircuitBreaker {
  readonly #parts: BreakerParts;
  readonly #window: FailureWindow;
  readonly #trials = new Map<TrialCall, number>();
  #state: BreakerState = 'closed';
  /** Goes up with each change of state: a call that began before says nothing of the time after. */
  #pass: Pass = 0;
  #inARow = 0;
  #openUntil = 0;
  #cause = '';
  #wentWell = 0;
  #order: BreakerOrder | undefined;

  constructor(parts: BreakerParts) {
    this.#parts = parts;
    this.#window = new FailureWindow(parts.rules.windowMs);
  }

  /** What it does now. */
  get state(): BreakerState {
    if (this.#order !== undefined) return this.#order.state;
    return this.#state === 'open' && this.#parts.clock.now() >= this.#openUntil ? 'halfOpen' : this.#state;
  }

  /** Why it is not closed, in words; '' when it is. */
  get cause(): string {
    return this.#order?.cause ?? this.#cause;
  }

  /** The order by hand that is in force. */
  get order(): BreakerOrder | undefined {
    return this.#order;
  }

  /** Lets a call in, or refuses it (undefined); who was let in must leave again. */
  tryEnter(call: TrialCall): Pass | undefined {
    if (this.#order !== undefined) return this.#order.state === 'open' ? undefined : this.#pass;
    if (this.#state === 'closed') return this.#pass;
    const now = this.#parts.clock.now();
    if (this.#state === 'open') {
      if (now < this.#openUntil) return undefined;
      this.#become('halfOpen', this.#cause);
    }
    this.#lookAtTrials(now);
    // What a trial has brought may have closed it meanwhile.
    if (this.#isClosed) return this.#pass;
    if (this.#wentWell + this.#trials.size >= this.#parts.rules.trialCalls) return undefined;
    this.#trials.set(call, now);
    return this.#pass;
  }

  /** Whether a call that was let in, and has waited since, would be refused now. */
  get refuses(): boolean {
    return this.state === 'open';
  }

  /** A call that was let in has ended. */
  leave(call: TrialCall, pass: Pass, verdict: BreakerVerdict, outcome: Outcome): void {
    // A trial that was judged already, or one of an earlier time, has nothing more to say.
    const wasTrial = this.#trials.delete(call);
    if (pass !== this.#pass || verdict === 'ignored') return;
    const failed = verdict === 'failed';
    if (this.#state === 'closed') this.#count(failed, outcome);
    else if (failed) this.#open(`the trial call failed with ${inWords(outcome)}`);
    else if (wasTrial) this.#trialWentWell();
  }

  /** Holds it open or closed until it is told `undefined`; then it starts afresh, closed. */
  obey(order: BreakerOrder | undefined): void {
    if (order === this.#order) return;
    const before = this.state;
    this.#order = order;
    this.#reset('closed', '');
    if (order !== undefined) this.#tell(order.state, order.cause);
    else if (before !== 'closed') this.#tell('closed', 'left to its calls again, by hand');
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #count(failed: boolean, outcome: Outcome): void {
    const { rules, clock } = this.#parts;
    const now = clock.now();
    this.#inARow = failed ? this.#inARow + 1 : 0;
    this.#window.record(now, failed);
    if (!failed || this.#order !== undefined) return;
    const last = `the last with ${inWords(outcome)}`;
    if (this.#inARow >= rules.consecutiveFailures) {
      const what = this.#inARow === 1 ? 'a call' : `${this.#inARow} calls in a row`;
      this.#open(`${what} failed (breaker.consecutiveFailures), ${last}`);
      return;
    }
    if (rules.failureRatio > 1) return;
    const calls = this.#window.calls(now);
    const failures = this.#window.failures(now);
    if (calls < rules.minCalls || failures < rules.failureRatio * calls) return;
    this.#open(`${failures} of the last ${calls} calls failed (breaker.failureRatio), ${last}`);
  }

  /**
   * A stream, or a call without a deadline, may last for days: as a trial it has gone well with its first message, or when it has lived as long as the breaker
   * was open (the mesh asks a silent node whether it lives).
   */
  #lookAtTrials(now: number): void {
    for (const [call, since] of this.#trials) {
      if (call.method.kind === 'unary' && call.deadline !== Number.POSITIVE_INFINITY) continue;
      const answered = call.winner !== undefined && !call.overflowed;
      if (!answered && now - since < this.#parts.rules.openMs) continue;
      this.#trials.delete(call);
      this.#trialWentWell();
    }
  }

  #trialWentWell(): void {
    this.#wentWell++;
    if (this.#wentWell >= this.#parts.rules.trialCalls)
      this.#become('closed', '', 'what it let through went well');
  }

  #open(cause: string): void {
    const { rules, clock, random } = this.#parts;
    // Clients that opened together are not to try together.
    this.#openUntil = clock.now() + rules.openMs * (1 + 0.1 * random());
    this.#become('open', cause);
  }

  #become(state: BreakerState, cause: string, because = cause): void {
    this.#reset(state, cause);
    this.#tell(state, because);
  }

  #reset(state: BreakerState, cause: string): void {
    this.#state = state;
    this.#cause = cause;
    this.#pass++;
    this.#inARow = 0;
    this.#wentWell = 0;
    this.#trials.clear();
    this.#window.clear();
  }

  #tell(state: BreakerState, cause: string): void {
    if (!events.breaker.heard) return;
    const { service, method } = this.#parts;
    events.breaker.publish({ service, method, state, cause });
  }

  /** Why a call is refused, for its error. */
  get refusal(): string {
    const { rules, clock } = this.#parts;
    if (this.#order !== undefined) return `held open by hand: ${this.#order.cause}`;
    if (this.#state === 'halfOpen') {
      const trials = rules.trialCalls === 1 ? '1 call is' : `${rules.trialCalls} calls are`;
      return `half-open, and ${trials} trying already (breaker.trialCalls): ${this.#cause}`;
    }
    const leftMs = Math.max(0, Math.round(this.#openUntil - clock.now()));
    return `open for another ${leftMs} ms (breaker.openMs): ${this.#cause}`;
  }
}

function inWords(outcome: Outcome): string {
  return `${statusName(outcome.code)}: ${outcome.details}`;
}
