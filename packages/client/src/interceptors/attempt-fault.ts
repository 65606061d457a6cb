import { Metadata } from '@grpc/grpc-js';
import { MESH_REASON, type Outcome, type Random } from '@micromesh/core';
import { drawFault, type FaultRule } from '@micromesh/policy/route';
import type { Attempt } from '../attempt/attempt.js';
import type { Interceptor, Invoke } from '../chain/interceptor.js';

type Delay = NonNullable<FaultRule['delay']>;
type Abort = NonNullable<FaultRule['abort']>;

/**
 * Faults of an attempt, as if its node had made them: what is above it retries, marks and ejects as it would in earnest. An abort is a
 * status of gRPC, as it is where an Envoy at the server makes it.
 */
export function attemptFault(random: Random): Interceptor<Attempt> {
  return (next) =>
    function attemptFault(attempt) {
      const actions = attempt.call.plan.way?.actions;
      if (actions?.attemptFault === undefined) return next(attempt);
      const { delay, abort } = drawFault(actions.attemptFault, actions.chance, random);
      if (delay !== undefined) return afterDelay(attempt, delay, abort, next);
      return abort === undefined ? next(attempt) : Promise.resolve(answered(abort));
    };
}

async function afterDelay(
  attempt: Attempt,
  { delayMs }: Delay,
  abort: Abort | undefined,
  next: Invoke<Attempt>,
): Promise<Outcome> {
  const ended = await attempt.hold(delayMs);
  if (ended !== undefined) return ended;
  return abort === undefined ? next(attempt) : answered(abort);
}

function answered({ code, origin: { resource, path } }: Abort): Outcome {
  // For all else it is as if the node had said it, but its words are none for who is outside.
  const trailers = new Metadata();
  trailers.set(MESH_REASON, 'fault');
  return {
    code,
    details: `${resource} ${path} ends the attempt on purpose`,
    trailers,
    origin: 'remote',
    delivery: 'answered',
    reason: 'none',
  };
}
