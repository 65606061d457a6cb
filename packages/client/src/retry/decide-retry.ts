import { status } from '@grpc/grpc-js';
import {
  type Clock,
  type Delivery,
  events,
  messageOf,
  type Outcome,
  type Random,
  type Reason,
  type RetryStopEvent,
  sendsOneMessage,
} from '@micromesh/core';
import type { PlannedCall } from '../call/client-call.js';
import { orStopped } from '../call/or-stopped.js';
import { localOutcome } from '../chain/local-outcome.js';
import { pickerFor } from '../selection/pick-for.js';
import { backoffMs } from './backoff.js';
import { pushBackOf } from './push-back.js';
import type { RetryContext, RetryDecision } from './retry-function.js';

/** Endings that no further attempt can better: they are the mesh's or the caller's own. */
const FINAL: ReadonlySet<Reason> = new Set<Reason>([
  'cancelled',
  'deadline',
  'noNode',
  'registryUnknown',
  'superseded',
  'credentials',
  'breakerOpen',
  'concurrency',
  'rateLimit',
  'fault',
  'closed',
]);

/** A server that finds every request late is wrong; each that is right takes 200 ms. */
const MAX_LATE_MOVES = 10;
/** What is known of the fastest answers where there are fewer is no reason to refuse a retry. */
const MIN_ANSWERS = 10;
/** An answer is as good as impossible in less time than these took. */
const FASTEST_RATIO = 0.05;

/**
 * Says whether a failed attempt is followed by another, and pauses until it may start.
 *
 * @param notBefore - a server has asked for this; on the mesh's clock.
 * @returns `again`, or what the call ends with.
 */
export async function decideRetry(
  call: PlannedCall,
  outcome: Outcome,
  clock: Clock,
  random: Random,
  notBefore = 0,
): Promise<'again' | Outcome> {
  if (call.stopped !== undefined) return call.stopped;
  if (outcome.reason === 'dropped' || outcome.reason === 'silent') call.lostAt = clock.now();
  if (call.winner !== undefined || FINAL.has(outcome.reason)) return outcome;
  freeLateNodes(call);
  if (canMoveUnsent(call, outcome)) {
    moveUnsent(call, outcome);
    return 'again';
  }
  const decision = await askToRetry(call, outcome, clock);
  if (decision === false) return outcome;
  if (typeof decision !== 'boolean' && 'code' in decision) return decision;
  const pushBack = pushBackOf(outcome);
  if (pushBack === 'never') {
    tellStop(call, 'pushBack');
    return outcome;
  }
  const now = clock.now();
  const pauseMs = Math.max(notBefore - now, pushBack ?? pauseBefore(call, decision, random));
  if (comesTooLate(call, now, pauseMs)) {
    tellStop(call, 'deadline');
    return outcome;
  }
  if (!takeFromBudget(call)) return outcome;
  call.paidRetries++;
  if (call.plan.way?.actions?.revisits === true) call.forgetTried();
  if (pauseMs > 0) {
    await call.sleep((wake) => {
      const timer = clock.setTimer(pauseMs, wake);
      return () => timer.cancel();
    });
    if (call.stopped !== undefined) return call.stopped;
  }
  return 'again';
}

/** gRFC A6: what was provably never handled is no retry, as long as there is somewhere else to go, or the node itself asks for it anew. */
export function canMoveUnsent(call: PlannedCall, { delivery, reason }: Outcome): boolean {
  if (delivery !== 'unsent' || !call.requests.replayable) return false;
  if (reason === 'late') return call.unsentMoves < MAX_LATE_MOVES;
  return (reason === 'connect' || reason === 'refused') && hasUntried(call);
}

/** What the budget gave for an attempt that was not sent is there for the one that takes its place, and goes back where none does. */
export function moveUnsent(call: PlannedCall, outcome: Outcome): void {
  const wasExtra = call.raced ? call.unsentExtras.includes(outcome) : countedAttempts(call) > 1;
  if (wasExtra) call.extraTaken = true;
  call.unsentMoves++;
}

/** Where all nodes were tried, one that was late is better than one that has failed the call. */
export function freeLateNodes(call: PlannedCall): void {
  if (!hasUntried(call)) call.forgetLate();
}

/**
 * Whether an attempt that starts after a pause could not end before the deadline, by the fastest answers of the method
 * lately.
 */
export function comesTooLate(call: PlannedCall, now: number, pauseMs = 0): boolean {
  const remainingMs = call.deadline - now - pauseMs;
  return remainingMs <= 0 || remainingMs < fastestMs(call, now);
}

function fastestMs({ plan }: PlannedCall, now: number): number {
  if (plan.latency === undefined || plan.latency.count(now) < MIN_ANSWERS) return 0;
  return plan.latency.quantile(FASTEST_RATIO, now).fromMs;
}

/** Whether a node that fits the call is connected and not silent. */
function hasAnswering(call: PlannedCall): boolean {
  return pickerFor(call).matching.some(({ isConnected, isSilent }) => isConnected && !isSilent);
}

/** Whether a node is left that the call has not tried. */
export function hasUntried(call: PlannedCall): boolean {
  return pickerFor(call).hasUntried(call.tried);
}

async function askToRetry(
  call: PlannedCall,
  outcome: Outcome,
  clock: Clock,
): Promise<RetryDecision | Outcome> {
  if (!mayRetry(call) || !mayReplay(call, outcome.delivery)) return false;
  return askRetryFunction(call, outcome, clock);
}

/** Whether the outcome is worth a further attempt, be there one left or not; what the function throws is an outcome. */
export async function askRetryFunction(
  call: PlannedCall,
  outcome: Outcome,
  clock: Clock,
): Promise<RetryDecision | Outcome> {
  try {
    const decision = call.plan.retry(retryContext(call, outcome, clock));
    // Not every promise is a Promise; a decision that is there need not be waited for.
    const given = isThenable(decision) ? await orStopped(call, Promise.resolve(decision)) : decision;
    return checkedDecision(given);
  } catch (error) {
    // go-micro: the retry function's error is the call's.
    const details = `retry function ${call.plan.retry.name} failed: ${messageOf(error)}`;
    return localOutcome(status.INTERNAL, 'interceptor', outcome.delivery, details);
  }
}

function retryContext(call: PlannedCall, outcome: Outcome, clock: Clock): RetryContext {
  return {
    method: call.method,
    attempt: call.attempts,
    outcome,
    delivery: outcome.delivery,
    idempotent: call.plan.idempotent,
    remainingMs: call.deadline - clock.now(),
  };
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** What plain JavaScript gives may be anything: nothing said is no. @throws TypeError for what is no decision. */
function checkedDecision<T extends RetryDecision | Outcome>(given: T | undefined): T | boolean {
  if (given === undefined) return false;
  if (typeof given === 'boolean') return given;
  if (typeof given !== 'object' || given === null || !('afterMs' in given || 'code' in given)) {
    throw new TypeError(`it gave ${nameOf(given)}, which is neither true, false nor { afterMs }`);
  }
  if ('afterMs' in given && !(Number(given.afterMs) >= 0)) {
    throw new TypeError(`it gave afterMs ${String(given.afterMs)}, which is no time`);
  }
  return given;
}

function nameOf(given: unknown): string {
  return typeof given === 'object' ? JSON.stringify(given) : String(given);
}

/** Whether `retries` leave a further attempt. */
export function mayRetry(call: PlannedCall): boolean {
  return countedAttempts(call) <= call.plan.retries;
}

/** Attempts that count against `retries`, the first included. */
function countedAttempts(call: PlannedCall): number {
  return call.attempts - call.unsentMoves;
}

/**
 * A request stream may only be sent again where that can do no harm: its messages may have been acted on one by one.
 */
function mayReplay(call: PlannedCall, delivery: Delivery): boolean {
  if (!call.requests.replayable || call.overflowed) return false;
  const { kind } = call.method;
  const single =
    sendsOneMessage(kind) || (kind === 'unknown' && call.requests.ended && call.requests.count <= 1);
  return single || delivery === 'unsent' || call.plan.idempotent;
}

/** Takes an extra attempt out of what the service may bear, an early one as long as enough is left for retries; tells what there is not. */
export function takeFromBudget(call: PlannedCall, isEarly = false): boolean {
  const stop = tryTakeExtra(call, isEarly);
  // An early one that is refused with something left ends nothing.
  const isNews = !isEarly || stop !== 'budget' || call.to.budget.available < 1;
  if (stop !== undefined && isNews) tellStop(call, stop);
  return stop === undefined;
}

/** What is in the way of an extra attempt: the budget, or that so many calls of the service retry already. */
function tryTakeExtra(call: PlannedCall, isEarly = false): RetryStopEvent['cause'] | undefined {
  const { retryConcurrency, budget } = call.to;
  const isTakenNow = !call.extraTaken && budget.tryTake(call, isEarly);
  call.extraTaken ||= isTakenNow;
  if (!call.extraTaken) return 'budget';
  if (retryConcurrency === undefined || call.retriesUnder !== undefined) return undefined;
  if (retryConcurrency.tryEnter()) {
    call.retriesUnder = retryConcurrency;
    return undefined;
  }
  if (isTakenNow) {
    budget.giveBack(call);
    call.extraTaken = false;
  }
  return 'retryConcurrency';
}

/**
 * Whether a call gains by losing an attempt that may still bring its answer: another attempt runs, or one may follow, for
 * which it is taken out of the budget.
 *
 * @param loss - what the attempt would end with.
 */
export function mayGoElsewhere(call: PlannedCall, loss: Outcome, clock: Clock): boolean {
  if (call.running > 1) return true;
  if (!hasAnswering(call)) return false;
  if (!mayRetry(call) || !mayReplay(call, loss.delivery)) return false;
  if (comesTooLate(call, clock.now()) || !mightRetry(call, loss, clock)) return false;
  return tryTakeExtra(call) === undefined;
}

/** What a retry function would say of a loss; one that has to think about it might say yes. */
function mightRetry(call: PlannedCall, loss: Outcome, clock: Clock): boolean {
  try {
    const decision = call.plan.retry(retryContext(call, loss, clock));
    if (!isThenable(decision)) return checkedDecision(decision) !== false;
    // Its error, if it is one, becomes the call's when it is asked in earnest.
    void decision.then(undefined, () => {});
  } catch {
    // The same.
  }
  return true;
}

function pauseBefore(call: PlannedCall, decision: RetryDecision, random: Random): number {
  if (typeof decision === 'object') return Math.max(0, decision.afterMs);
  const { backoff, way } = call.plan;
  // Where it may go back to the node that failed, nothing says that it moves on.
  const movesOn = way?.actions?.revisits !== true && hasUntried(call);
  return backoffMs(backoff, countedAttempts(call), movesOn, random);
}

/** Tells what made the call's retries end early. */
export function tellStop(call: PlannedCall, cause: RetryStopEvent['cause']): void {
  if (!events.retryStop.heard) return;
  events.retryStop.publish({ service: call.service, method: call.method.path, cause });
}
