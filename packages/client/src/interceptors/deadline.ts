import { status } from '@grpc/grpc-js';
import { type Clock, currentCallContext, type Outcome, onAbort } from '@micromesh/core';
import type { PlannedCall } from '../call/client-call.js';
import type { Interceptor } from '../chain/interceptor.js';
import { localOutcome } from '../chain/local-outcome.js';

/** Ends the call at its deadline, when its caller cancels, and when the call that it works for has gone. */
export function deadline(clock: Clock): Interceptor<PlannedCall> {
  return (next) =>
    async function deadline(call) {
      const parent = currentCallContext()?.signal;
      const { signal } = call.options;
      if (signal?.aborted) return cancelled('cancelled by the caller');
      if (parent?.aborted) return cancelled('the call that this one works for has ended');
      const remainingMs = call.deadline - clock.now();
      if (remainingMs <= 0) return exceeded(call, clock);
      const timer =
        remainingMs === Number.POSITIVE_INFINITY
          ? undefined
          : clock.setTimer(remainingMs, () => call.stop(exceeded(call, clock)));
      const offSignal = signal && onAbort(signal, () => call.stop(cancelled('cancelled by the caller')));
      const offParent =
        parent && onAbort(parent, () => call.stop(cancelled('the call that this one works for has ended')));
      const outcome = await next(call);
      timer?.cancel();
      offSignal?.();
      offParent?.();
      return outcome;
    };
}

function cancelled(details: string): Outcome {
  return localOutcome(status.CANCELLED, 'cancelled', 'unknown', details);
}

function exceeded(call: PlannedCall, clock: Clock): Outcome {
  const ms = Math.round(clock.now() - call.startedAt);
  const { waitsFor } = call;
  if (waitsFor === undefined) {
    return localOutcome(status.DEADLINE_EXCEEDED, 'deadline', 'unknown', `Deadline exceeded after ${ms} ms`);
  }
  return localOutcome(
    status.DEADLINE_EXCEEDED,
    waitsFor.reason,
    'unsent',
    `Deadline exceeded after ${ms} ms of waiting for ${waitsFor.what}`,
  );
}
