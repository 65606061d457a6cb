import { Metadata, status } from '@grpc/grpc-js';
import type { Clock, Outcome } from '@micromesh/core';
import {
  describePlaces,
  describeRate,
  giveTokensBack,
  type LimitCounters,
  type MethodCounters,
  PlaceEntry,
  type PlaceRefusal,
  type RateRefusal,
  takeTokens,
} from '@micromesh/policy/limits';
import type { PlannedCall } from '../call/client-call.js';
import type { Interceptor, Invoke } from '../chain/interceptor.js';
import { localOutcome } from '../chain/local-outcome.js';
import { PUSH_BACK } from '../retry/push-back.js';

/** Refuses what the operator's RateLimits and ConcurrencyLimits of the client's side do not let through to the service that a rule sends it to. */
export function policyLimits(counters: LimitCounters, clock: Clock): Interceptor<PlannedCall> {
  return (next) =>
    function policyLimits(call) {
      const counted = counters.of(call.to.key, call, call.plan.way?.policies);
      if (counted === undefined) return next(call);
      const refusal = takeTokens(counted.rates, call, clock.now());
      if (refusal !== undefined) return Promise.resolve(overRate(call, refusal));
      return counted.places.length === 0 ? next(call) : inPlaces(call, counted, next, clock);
    };
}

function overRate(call: PlannedCall, refusal: RateRefusal): Outcome {
  const details = describeRate(refusal, call.to.key);
  const trailers = new Metadata();
  trailers.set(PUSH_BACK, String(refusal.waitMs));
  return { ...localOutcome(status.RESOURCE_EXHAUSTED, 'rateLimit', 'unsent', details), trailers };
}

async function inPlaces(
  call: PlannedCall,
  { rates, places }: MethodCounters,
  next: Invoke<PlannedCall>,
  clock: Clock,
): Promise<Outcome> {
  const entry = new PlaceEntry(places, call.method, clock);
  const refusal = await enter(call, entry);
  if (refusal === undefined) {
    const outcome = await next(call);
    entry.leave();
    return outcome;
  }
  giveTokensBack(rates, call, clock.now());
  return refusal;
}

/** Waits for the call's places, which it has when there is no refusal. */
async function enter(call: PlannedCall, entry: PlaceEntry): Promise<Outcome | undefined> {
  let refused: PlaceRefusal | undefined;
  let wake = () => {};
  const state = entry.enter((refusal) => {
    refused = refusal;
    wake();
  });
  if (state === 'entered') return undefined;
  if (state !== 'waits') return overPlaces(call, state);
  call.waitsFor = { what: `a place under ${entry.waitsFor}`, reason: 'concurrency' };
  await call.sleep((wakeUp) => {
    wake = wakeUp;
    return () => {};
  });
  call.waitsFor = undefined;
  if (call.stopped !== undefined) {
    entry.leave();
    return call.stopped;
  }
  return refused && overPlaces(call, refused);
}

function overPlaces(call: PlannedCall, refusal: PlaceRefusal): Outcome {
  const details = describePlaces(refusal, call.to.key, call.method);
  return localOutcome(status.RESOURCE_EXHAUSTED, 'concurrency', 'unsent', details);
}
