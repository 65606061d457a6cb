import { status } from '@grpc/grpc-js';
import { type Clock, events, type HedgeEvent, type Outcome, type Random, type Timer } from '@micromesh/core';
import type { PlannedCall } from '../call/client-call.js';
import type { Invoke } from '../chain/interceptor.js';
import {
  askRetryFunction,
  canMoveUnsent,
  comesTooLate,
  decideRetry,
  freeLateNodes,
  hasUntried,
  moveUnsent,
  takeFromBudget,
  tellStop,
} from './decide-retry.js';
import { hedgeDelayMs, mayHedge } from './hedge.js';
import { pushBackOf } from './push-back.js';

/** Whether an attempt that is slow may get company: twice is harmless, and there is one message to send. */
export function mayRunBeside(call: PlannedCall): boolean {
  const { idempotent, retries } = call.plan;
  return idempotent && retries > 0 && (hasShares(call) || mayHedge(call));
}

/** Whether what is left until the deadline is divided among the attempts. */
function hasShares(call: PlannedCall): boolean {
  const { kind } = call.method;
  return (
    call.plan.attemptTimeoutMs === undefined &&
    call.deadline !== Number.POSITIVE_INFINITY &&
    (kind === 'unary' || kind === 'serverStream')
  );
}

/** Until an attempt that looks for its node has most likely begun. */
const LOOK_AGAIN_MS = 10;

/**
 * The attempts of one idempotent call. When an attempt has had its share of the time (what is left over attempts
 * left), or is to be hedged, the next starts beside it, on another node, and the first answer wins. Cutting instead makes a
 * call fail that merely needs more than half of its deadline.
 */
export class AttemptRace {
  #started = 0;
  #running = 0;
  #settled = false;
  /** A server wants no further attempt. */
  #refused = false;
  /** A server wants none before this. */
  #notBefore = Number.NEGATIVE_INFINITY;
  /** When the latest attempt has had its share of the time. */
  #shareEndsAt = Number.POSITIVE_INFINITY;
  #nextBeside: Timer | undefined;
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
    this.#nextBeside?.cancel();
    if (this.#left <= 0 || this.#settled) return;
    const now = this.clock.now();
    if (hasShares(this.call)) this.#shareEndsAt = now + (this.call.deadline - now) / (this.#left + 1);
    const hedgeAt = now + hedgeDelayMs(this.call, now);
    if (hedgeAt < this.#shareEndsAt) this.#awaitBeside(hedgeAt, 'hedge');
    else this.#awaitBeside(this.#shareEndsAt, 'share');
  }

  /** Attempts that may still start within `retries`. */
  get #left(): number {
    return this.call.plan.retries + 1 - (this.#started - this.call.unsentMoves);
  }

  #awaitBeside(at: number, cause: HedgeEvent['cause']): void {
    const now = this.clock.now();
    this.#nextBeside = this.clock.setTimer(at - now, () => this.#startBeside(cause));
  }

  #startBeside(cause: HedgeEvent['cause']): void {
    const { call } = this;
    if (this.#settled || this.#refused || this.#left <= 0 || call.over !== undefined) return;
    const now = this.clock.now();
    if (now < this.#notBefore) {
      this.#awaitBeside(this.#notBefore, cause);
      return;
    }
    if (comesTooLate(call, now)) {
      tellStop(call, 'deadline');
      return;
    }
    // What was taken for one that still looks for its node would do for both.
    if (call.extraTaken) {
      this.#awaitBeside(now + LOOK_AGAIN_MS, cause);
      return;
    }
    // Beside means on another node: on the slow one itself it would only be slower.
    if (hasUntried(call) && takeFromBudget(call, cause === 'hedge')) {
      this.#tellBeside(cause);
      this.#start();
      return;
    }
    // What could not be had early may be there when it is needed.
    if (cause === 'hedge') this.#awaitBeside(this.#shareEndsAt, 'share');
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
      freeLateNodes(this.call);
      if (canMoveUnsent(this.call, outcome)) {
        moveUnsent(this.call, outcome);
        this.#start();
        return;
      }
      this.#heedPushBack(outcome);
      // Another attempt runs. What is not worth a retry is an answer all the same; else that one may have a better one.
      const worthRetry = await askRetryFunction(this.call, outcome, this.clock);
      const isAnswer = worthRetry === false && outcome.origin === 'remote';
      if (isAnswer && !this.#settled && this.call.over === undefined) this.#settle(outcome);
      return;
    }
    this.#nextBeside?.cancel();
    if (this.#refused && !canMoveUnsent(this.call, outcome)) {
      this.#settle(outcome);
      return;
    }
    const decision = await decideRetry(this.call, outcome, this.clock, this.random, this.#notBefore);
    if (this.#settled) return;
    if (decision === 'again') this.#start();
    else this.#settle(decision);
  }

  /** gRFC A6: what a server says of further attempts holds for hedges as well; those that run may go on. */
  #heedPushBack(outcome: Outcome): void {
    const pushBack = pushBackOf(outcome);
    if (pushBack === undefined) return;
    if (pushBack !== 'never') {
      this.#notBefore = Math.max(this.#notBefore, this.clock.now() + pushBack);
      return;
    }
    this.#refused = true;
    this.#nextBeside?.cancel();
    if (this.#left > 0) tellStop(this.call, 'pushBack');
  }

  #tellBeside(cause: HedgeEvent['cause']): void {
    if (!events.hedge.heard) return;
    const { service, method, attempts } = this.call;
    events.hedge.publish({ service, method: method.path, attempt: attempts + 1, cause });
  }

  #settle(outcome: Outcome): void {
    this.#settled = true;
    this.#nextBeside?.cancel();
    this.#resolve(outcome);
    this.call.supersedeAll();
  }
}
