import { status } from '@grpc/grpc-js';
import { type Clock, currentCallContext, type Outcome, onAbort } from '@micromesh/core';
import type { PlannedCall } from '../call/client-call.js';
import type { Bracket } from '../chain/interceptor.js';
import { localOutcome } from '../chain/local-outcome.js';

const BY_CALLER = 'cancelled by the caller';
const BY_PARENT = 'the call that this one works for has ended';

/** Ends the call at its deadline, when its caller cancels, and when the call that it works for has gone. */
export function deadline(clock: Clock): Bracket<PlannedCall> {
  return {
    before(call) {
      const parent = currentCallContext()?.signal;
      const { signal } = call.options;
      if (signal?.aborted) return cancelled(call, BY_CALLER);
      if (parent?.aborted) return cancelled(call, BY_PARENT);
      const remainingMs = call.deadline - clock.now();
      if (remainingMs <= 0) return exceeded(call, clock);
      call.deadlineTimer = clock.setTimer(remainingMs, () => call.stop(exceeded(call, clock)));
      if (signal !== undefined || parent !== undefined) call.offSignals = follow(call, signal, parent);
      return undefined;
    },
    after(call) {
      call.deadlineTimer?.cancel();
      call.offSignals?.();
    },
  };
}

/** Ends the call with its signals; gives what takes it off them. */
function follow(
  call: PlannedCall,
  signal: AbortSignal | undefined,
  parent: AbortSignal | undefined,
): () => void {
  const offSignal = signal && onAbort(signal, () => call.stop(cancelled(call, BY_CALLER)));
  const offParent = parent && onAbort(parent, () => call.stop(cancelled(call, BY_PARENT)));
  return () => {
    offSignal?.();
    offParent?.();
  };
}

function cancelled(call: PlannedCall, details: string): Outcome {
  return localOutcome(status.CANCELLED, 'cancelled', call.delivery, details);
}

function exceeded(call: PlannedCall, clock: Clock): Outcome {
  const ms = Math.round(clock.now() - call.startedAt);
  const { waitsFor } = call;
  // While one attempt waits for a node another may be under way.
  if (waitsFor === undefined || call.running > 0) {
    const troubles = call.nodeTroubles;
    const details = `Deadline exceeded after ${ms} ms${troubles === '' ? '' : `: ${troubles}`}`;
    return localOutcome(status.DEADLINE_EXCEEDED, 'deadline', call.delivery, details);
  }
  return localOutcome(
    status.DEADLINE_EXCEEDED,
    waitsFor.reason,
    call.delivery,
    `Deadline exceeded after ${ms} ms of waiting for ${waitsFor.what}`,
  );
}
