import type { Clock, Outcome, Random } from '@micromesh/core';
import { drawFault, type FaultRule } from '@micromesh/policy/route';
import type { PlannedCall } from '../call/client-call.js';
import type { Interceptor, Invoke } from '../chain/interceptor.js';
import { localOutcome } from '../chain/local-outcome.js';

type Delay = NonNullable<FaultRule['delay']>;
type Abort = NonNullable<FaultRule['abort']>;

/**
 * Faults of a call as a whole, Istio's: made in the caller, before anything is sent, so that nothing is retried and nobody marked. The
 * delay comes first, as in Envoy; the call's deadline and its cancellation end it.
 */
export function fault(clock: Clock, random: Random): Interceptor<PlannedCall> {
  return (next) =>
    function fault(call) {
      const actions = call.plan.way?.actions;
      if (actions?.callFault === undefined) return next(call);
      const { delay, abort } = drawFault(actions.callFault, actions.chance, random);
      if (delay !== undefined) return afterDelay(call, delay, abort, next, clock);
      return abort === undefined ? next(call) : Promise.resolve(aborted(abort));
    };
}

async function afterDelay(
  call: PlannedCall,
  { delayMs, origin: { resource, path } }: Delay,
  abort: Abort | undefined,
  next: Invoke<PlannedCall>,
  clock: Clock,
): Promise<Outcome> {
  call.waitsFor = { what: `the end of a delay of ${delayMs} ms (${resource} ${path})`, reason: 'fault' };
  await call.sleep((wake) => {
    const timer = clock.setTimer(delayMs, wake);
    return () => timer.cancel();
  });
  call.waitsFor = undefined;
  if (call.stopped !== undefined) return call.stopped;
  return abort === undefined ? next(call) : aborted(abort);
}

function aborted({ code, origin: { resource, path } }: Abort): Outcome {
  return localOutcome(code, 'fault', 'unsent', `${resource} ${path} ends the call on purpose`);
}
