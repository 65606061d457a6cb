import { status } from '@grpc/grpc-js';
import type { Clock, Timer } from '@micromesh/core';
import type { Attempt, Patience } from '../attempt/attempt.js';
import type { Bracket } from '../chain/interceptor.js';
import { localOutcome } from '../chain/local-outcome.js';
import { answerMs } from '../nodes/question.js';
import { type AttemptLimit, attemptLimit } from '../retry/attempt-limit.js';

/** A node that has said nothing to anybody for this long is asked; a quarter of what is left, if that is less. */
const SUSPICION_MS = 250;

/** The same where no deadline presses. */
const RELAXED_SUSPICION_MS = 1000;

/** Below this a busy machine would look dead. */
const MIN_SUSPICION_MS = 50;

/** A node that answers is asked again after ever longer times, up to this. */
const MAX_SUSPICION_MS = 5000;

/**
 * Tells a slow node from a dead one: an attempt that has heard nothing asks its node, and only a silent node's attempts
 * are cut. An explicit `attemptTimeoutMs` cuts in any case.
 */
export function attemptTimeout(clock: Clock): Bracket<Attempt> {
  return {
    before(attempt) {
      attempt.patience = new SilencePatience(attempt, clock);
      return undefined;
    },
    after(attempt) {
      attempt.patience?.end();
    },
  };
}

class SilencePatience implements Patience {
  readonly #attempt: Attempt;
  readonly #clock: Clock;
  #suspicionMs: number;
  #limit: Timer | undefined;

  constructor(attempt: Attempt, clock: Clock) {
    this.#attempt = attempt;
    this.#clock = clock;
    this.#suspicionMs = firstSuspicionMs(attempt);
    this.#lookIn(this.#suspicionMs);
    const limit = attemptLimit(attempt);
    if (limit !== undefined) this.#limit = clock.setTimer(limit.ms, () => cutAtLimit(attempt, limit));
  }

  end(): void {
    this.#limit?.cancel();
  }

  lookAtNode(): void {
    const { handle, claimed } = this.#attempt;
    // The call is this attempt's: it can go nowhere else, so that nothing follows from the node's silence.
    if (claimed) return;
    const silentSince = Math.max(handle.heardAt, this.#attempt.startedAt);
    const silentMs = this.#clock.now() - silentSince;
    if (silentMs < this.#suspicionMs) {
      this.#lookIn(this.#suspicionMs - silentMs);
      return;
    }
    void this.#ask();
  }

  #lookIn(ms: number): void {
    const attempt = this.#attempt;
    attempt.lookAt = this.#clock.now() + ms;
    attempt.handle.expectLook(attempt.lookAt);
  }

  async #ask(): Promise<void> {
    const attempt = this.#attempt;
    const now = this.#clock.now();
    await attempt.handle.ask(answerMs(attempt.call.deadline, now, attempt.handle.isCold(now)));
    if (attempt.ended === undefined) attempt.handle.cutIfSilent(attempt);
    if (attempt.ended !== undefined) return;
    this.#suspicionMs = Math.min(MAX_SUSPICION_MS, this.#suspicionMs * 2);
    this.#lookIn(this.#suspicionMs);
  }
}

function firstSuspicionMs(attempt: Attempt): number {
  const { deadline, method } = attempt.call;
  const bounded = method.kind === 'unary' || method.kind === 'serverStream';
  if (!bounded || deadline === Number.POSITIVE_INFINITY) return RELAXED_SUSPICION_MS;
  const quarterMs = (deadline - attempt.startedAt) / 4;
  return Math.max(MIN_SUSPICION_MS, Math.min(SUSPICION_MS, quarterMs));
}

function cutAtLimit(attempt: Attempt, { what }: AttemptLimit): void {
  if (attempt.claimed) return;
  attempt.cut(
    localOutcome(status.DEADLINE_EXCEEDED, 'attemptTimeout', 'unknown', `no answer within ${what}`),
  );
}
