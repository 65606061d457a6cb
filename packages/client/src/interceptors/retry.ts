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
      call.to.budget.deposit(call.startedAt);
      return mayRunBeside(call)
        ? new AttemptRace(call, next, clock, random).run()
        : oneByOne(call, next, clock, random);
    };
}

async function oneByOne(
  call: PlannedCall,
  next: Invoke<PlannedCall>,
  clock: Clock,
  random: Random,
): Promise<Outcome> {
  let outcome = await next(call);
  while (outcome.code !== status.OK) {
    const decision = await decideRetry(call, outcome, clock, random);
    if (decision !== 'again') return decision;
    outcome = await next(call);
  }
  return outcome;
}
