import { status } from '@grpc/grpc-js';
import { type Clock, classify, type Outcome, type Random, type Timer } from '@micromesh/core';
import type { PlannedCall } from '../call/client-call.js';
import type { Invoke } from '../chain/interceptor.js';
import { countedAttempts, decideRetry, startExtra } from './decide-retry.js';

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
    this.#running++;
    void this.next(this.call).then((outcome) => this.#onEnd(outcome));
    this.#armShare();
  }

  #armShare(): void {
    this.#share?.cancel();
    const left = this.call.plan.retries + 1 - countedAttempts(this.call) + 1;
    if (left <= 1) return;
    const shareMs = (this.call.deadline - this.clock.now()) / left;
    this.#share = this.clock.setTimer(shareMs, () => this.#startBeside());
  }

  #startBeside(): void {
    const { call } = this;
    const spent = countedAttempts(call) > call.plan.retries;
    if (this.#settled || spent || call.winner !== undefined || call.stopped !== undefined) return;
    if (startExtra(call) === undefined) this.#start();
  }

  async #onEnd(outcome: Outcome): Promise<void> {
    this.#running--;
    if (this.#settled || outcome.reason === 'superseded') return;
    if (outcome.code === status.OK || this.#isAnswer(outcome)) {
      this.#settle(outcome);
      return;
    }
    // While another attempt runs this failure decides nothing: that one may answer.
    if (this.#running > 0 && this.call.stopped === undefined) return;
    this.#share?.cancel();
    const decision = await decideRetry(this.call, outcome, this.clock, this.random);
    if (this.#settled) return;
    if (decision === 'again') this.#start();
    else this.#settle(decision);
  }

  #isAnswer(outcome: Outcome): boolean {
    return outcome.origin === 'remote' && classify(outcome).verdict === 'failed';
  }

  #settle(outcome: Outcome): void {
    this.#settled = true;
    this.#share?.cancel();
    this.#resolve(outcome);
    this.call.supersedeAll();
  }
}
