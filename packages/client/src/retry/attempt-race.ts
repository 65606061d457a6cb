import { status } from '@grpc/grpc-js';
import type { Clock, Outcome, Random, Timer } from '@micromesh/core';
import type { PlannedCall } from '../call/client-call.js';
import type { Invoke } from '../chain/interceptor.js';
import { askRetryFunction, canMoveUnsent, decideRetry, hasUntried, takeFromBudget } from './decide-retry.js';

/** Whether an attempt that is slow may get company: twice is harmless, and there is one message to send. */
export function mayRunBeside(call: PlannedCall): boolean {
  const { idempotent, retries, attemptTimeoutMs } = call.plan;
  const { kind } = call.method;
  return (
    idempotent &&
    retries > 0 &&
    attemptTimeoutMs === undefined &&
    call.deadline !== Number.POSITIVE_INFINITY &&
    (kind === 'unary' || kind === 'serverStream')
  );
}

/**
 * The attempts of one idempotent call. When an attempt has had its share of the time (what is left over attempts
 * left) the next starts beside it, on another node, and the first answer wins. Cutting instead makes a call fail that
 * merely needs more than half of its deadline.
 */
export class AttemptRace {
  #started = 0;
  #running = 0;
  #settled = false;
  #share: Timer | undefined;
  #resolve!: (outcome: Outcome) => void;

  constructor(
    private readonly call: PlannedCall,
    private readonly next: Invoke<PlannedCall>,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** Runs attempts until one has an answer or no further one may start. */
  run(): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#start();
    });
  }

  #start(): void {
    this.#started++;
    this.#running++;
    void this.next(this.call).then((outcome) => this.#onEnd(outcome));
    this.#armShare();
  }

  /** Attempts that may still start within `retries`. */
  get #left(): number {
    return this.call.plan.retries + 1 - (this.#started - this.call.unsentMoves);
  }

  #armShare(): void {
    this.#share?.cancel();
    if (this.#left <= 0) return;
    const shareMs = (this.call.deadline - this.clock.now()) / (this.#left + 1);
    this.#share = this.clock.setTimer(shareMs, () => this.#startBeside());
  }

  #startBeside(): void {
    const { call } = this;
    if (this.#settled || this.#left <= 0 || call.winner !== undefined || call.stopped !== undefined) return;
    // Beside means on another node: on the slow one itself it would only be slower.
    if (hasUntried(call) && takeFromBudget(call)) this.#start();
  }

  async #onEnd(outcome: Outcome): Promise<void> {
    this.#running--;
    if (this.#settled || outcome.reason === 'superseded') return;
    if (outcome.code === status.OK) {
      this.#settle(outcome);
      return;
    }
    // Others that still run when one has claimed the call are about to end: what the winner comes to is the outcome.
    if (this.#running > 0 && this.call.over === undefined) {
      if (canMoveUnsent(this.call, outcome)) {
        this.call.unsentMoves++;
        this.#start();
        return;
      }
      // Another attempt runs. What is not worth a retry is an answer all the same; else that one may have a better one.
      const worthRetry = await askRetryFunction(this.call, outcome, this.clock);
      const isAnswer = worthRetry === false && outcome.origin === 'remote';
      if (isAnswer && !this.#settled) this.#settle(outcome);
      return;
    }
    this.#share?.cancel();
    const decision = await decideRetry(this.call, outcome, this.clock, this.random);
    if (this.#settled) return;
    if (decision === 'again') this.#start();
    else this.#settle(decision);
  }

  #settle(outcome: Outcome): void {
    this.#settled = true;
    this.#share?.cancel();
    this.#resolve(outcome);
    this.call.supersedeAll();
  }
}
