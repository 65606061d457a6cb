import { Metadata, status } from '@grpc/grpc-js';
import type { Clock, Outcome } from '@micromesh/core';
import {
  describePlaces,
  describeRate,
  type LimitCounters,
  PlaceEntry,
  type PlaceRefusal,
  type RateRefusal,
  takeTokens,
  wouldRefuse,
} from '@micromesh/policy/limits';
import type { PlannedCall } from '../call/client-call.js';
import type { Interceptor, Invoke } from '../chain/interceptor.js';
import { localOutcome } from '../chain/local-outcome.js';
import { PUSH_BACK } from '../retry/push-back.js';

/** Refuses what the operator's RateLimits and ConcurrencyLimits of the client's side do not let through to the service that a rule sends it to. */
export function policyLimits(counters: LimitCounters, clock: Clock): Interceptor<PlannedCall> {
  return (below) => {
    const next = watched(counters, below, clock);
    return function policyLimits(call) {
      const counted = counters.of(call.to.key, call, call.plan.way?.policies);
      if (counted === undefined) return next(call);
      const entry =
        counted.places.length === 0 ? undefined : new PlaceEntry(counted.places, call.method, clock);
      // A call that finds no place takes no token.
      const full = entry?.refusal;
      if (full !== undefined) return Promise.resolve(overPlaces(call, full));
      const empty = takeTokens(counted.rates, call, clock.now());
      if (empty !== undefined) return Promise.resolve(overRate(call, empty));
      return entry === undefined ? next(call) : inPlaces(call, entry, next);
    };
  };
}

/** Counts what those in dry-run would have refused. */
function watched(counters: LimitCounters, next: Invoke<PlannedCall>, clock: Clock): Invoke<PlannedCall> {
  return function watched(call) {
    const leave = wouldRefuse(counters, call.to.key, call, clock);
    if (leave === undefined) return next(call);
    return next(call).then((outcome) => {
      leave();
      return outcome;
    });
  };
}

function overRate(call: PlannedCall, refusal: RateRefusal): Outcome {
  const details = describeRate(refusal, call.to.key);
  const trailers = new Metadata();
  trailers.set(PUSH_BACK, String(refusal.waitMs));
  return { ...localOutcome(status.RESOURCE_EXHAUSTED, 'rateLimit', 'unsent', details), trailers };
}

async function inPlaces(call: PlannedCall, entry: PlaceEntry, next: Invoke<PlannedCall>): Promise<Outcome> {
  const refused = await enter(call, entry);
  if (refused !== undefined) return refused;
  const outcome = await next(call);
  entry.leave();
  return outcome;
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
