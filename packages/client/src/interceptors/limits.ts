import { status } from '@grpc/grpc-js';
import type { Clock, Outcome, Places } from '@micromesh/core';
import type { PlannedCall } from '../call/client-call.js';
import type { Interceptor, Invoke } from '../chain/interceptor.js';
import { localOutcome } from '../chain/local-outcome.js';
import { breakerVerdict } from '../limits/breaker-verdict.js';
import type { CallPlaces } from '../limits/call-places.js';
import type { CircuitBreaker } from '../limits/circuit-breaker.js';
import type { ClientLimits } from '../limits/client-limits.js';

/**
 * Refuses what a client's circuit breaker or its limit of calls at a time does not let through. Above retry, so that a refusal is
 * final, costs no budget and marks nobody, and so that the breaker sees final outcomes.
 */
export function limits({ breakerOf, places }: ClientLimits, clock: Clock): Interceptor<PlannedCall> {
  return (next) => {
    const bounded = places === undefined ? next : withPlace(places, breakerOf, next, clock);
    return breakerOf === undefined ? bounded : behindBreaker(breakerOf, bounded);
  };
}

type BreakerOf = NonNullable<ClientLimits['breakerOf']>;

function behindBreaker(breakerOf: BreakerOf, next: Invoke<PlannedCall>): Invoke<PlannedCall> {
  return function behindBreaker(call) {
    const breaker = breakerOf(call.method);
    const pass = breaker.tryEnter(call);
    if (pass === undefined) return Promise.resolve(refusedBy(breaker, call));
    return next(call).then((outcome) => {
      breaker.leave(call, pass, breakerVerdict(call, outcome), outcome);
      return outcome;
    });
  };
}

function refusedBy(breaker: CircuitBreaker, call: PlannedCall): Outcome {
  const details = `the circuit breaker of ${call.to.name} ${call.method.path} is ${breaker.refusal}`;
  return localOutcome(status.UNAVAILABLE, 'breakerOpen', 'unsent', details);
}

function withPlace(
  limit: CallPlaces,
  breakerOf: BreakerOf | undefined,
  next: Invoke<PlannedCall>,
  clock: Clock,
): Invoke<PlannedCall> {
  const inPlace = (call: PlannedCall, places: Places) =>
    next(call).then((outcome) => {
      places.leave();
      return outcome;
    });
  return function withPlace(call) {
    const places = limit.of(call.method);
    if (places.tryEnter()) return inPlace(call, places);
    return waitInLine(call, places, limit, clock).then((refusal) => {
      if (refusal !== undefined) return refusal;
      const breaker = breakerOf?.(call.method);
      if (breaker?.refuses !== true) return inPlace(call, places);
      // It has opened while the call waited.
      places.leave();
      return refusedBy(breaker, call);
    });
  };
}

/** Waits for a place, which the call has when there is no refusal. */
async function waitInLine(
  call: PlannedCall,
  places: Places,
  limit: CallPlaces,
  clock: Clock,
): Promise<Outcome | undefined> {
  const { queueTimeoutMs } = limit.rules;
  const arrivedAt = clock.now();
  let hasPlace = false;
  let isFull = false;
  call.waitsFor = { what: `a place: ${bound(call, limit)}`, reason: 'concurrency' };
  await call.sleep((wake) => {
    const leaveLine = places.tryWait(() => {
      hasPlace = true;
      wake();
    });
    if (leaveLine === undefined) {
      isFull = true;
      wake();
      return () => {};
    }
    const timer = clock.setTimer(queueTimeoutMs, wake);
    return () => {
      leaveLine();
      timer.cancel();
    };
  });
  call.waitsFor = undefined;
  if (call.stopped !== undefined) {
    if (hasPlace) places.leave();
    return call.stopped;
  }
  if (hasPlace) return undefined;
  return refusedFor(
    isFull ? full(call, limit) : `${bound(call, limit)}; none ended within ${waited(arrivedAt, clock)}`,
  );
}

function waited(since: number, clock: Clock): string {
  return `${Math.round(clock.now() - since)} ms (concurrency.queueTimeoutMs)`;
}

function full(call: PlannedCall, limit: CallPlaces): string {
  const { queue } = limit.rules;
  const line = queue === 0 ? 'and none may wait' : `and ${queue} wait`;
  return `${bound(call, limit)}, ${line} (concurrency.queue)`;
}

/** `10 calls of hello are under way (concurrency.max)` */
function bound(call: PlannedCall, { rules: { max, per } }: CallPlaces): string {
  const what = per === 'service' ? call.to.name : `${call.to.name} ${call.method.path}`;
  return `${max} call${max === 1 ? '' : 's'} of ${what} ${max === 1 ? 'is' : 'are'} under way (concurrency.max)`;
}

function refusedFor(details: string): Outcome {
  return localOutcome(status.RESOURCE_EXHAUSTED, 'concurrency', 'unsent', details);
}
