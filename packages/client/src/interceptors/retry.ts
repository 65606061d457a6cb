import { status } from '@grpc/grpc-js';
import type { Clock, Outcome, Random } from '@micromesh/core';
import type { PlannedCall } from '../call/client-call.js';
import type { Interceptor, Invoke } from '../chain/interceptor.js';
import { AttemptRace, mayRunBeside } from '../retry/attempt-race.js';
import { decideRetry } from '../retry/decide-retry.js';

/**
 * go-micro's loop: backoff -> next -> call -> mark -> retry? An attempt of an idempotent method that takes more than
 * its share of the time gets company on another node instead of being cut.
 */
export function retry(clock: Clock, random: Random): Interceptor<PlannedCall> {
  return (next) =>
    function retry(call) {
      call.to.budget.begin(call.startedAt);
      return mayRunBeside(call) ? race(call, next, clock, random) : oneByOne(call, next, clock, random);
    };
}

function race(call: PlannedCall, next: Invoke<PlannedCall>, clock: Clock, random: Random): Promise<Outcome> {
  call.raced = true;
  return new AttemptRace(call, next, clock, random).run().then((outcome) => settled(call, outcome));
}

function oneByOne(
  call: PlannedCall,
  next: Invoke<PlannedCall>,
  clock: Clock,
  random: Random,
): Promise<Outcome> {
  return next(call).then((outcome) =>
    outcome.code === status.OK ? settled(call, outcome) : furtherAttempts(call, outcome, next, clock, random),
  );
}

async function furtherAttempts(
  call: PlannedCall,
  first: Outcome,
  next: Invoke<PlannedCall>,
  clock: Clock,
  random: Random,
): Promise<Outcome> {
  let outcome = first;
  while (outcome.code !== status.OK) {
    const decision = await decideRetry(call, outcome, clock, random);
    if (decision !== 'again') return settled(call, decision);
    outcome = await next(call);
  }
  return settled(call, outcome);
}

function settled(call: PlannedCall, outcome: Outcome): Outcome {
  call.to.budget.end(call, outcome.code === status.OK);
  call.extraTaken = false;
  call.retriesUnder?.leave();
  call.retriesUnder = undefined;
  return outcome;
}
