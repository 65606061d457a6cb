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
      if (signal?.aborted) return cancelledBy(call, signal);
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
  const offSignal = signal && onAbort(signal, () => call.stop(cancelledBy(call, signal)));
  const offParent = parent && onAbort(parent, () => call.stop(cancelled(call, BY_PARENT)));
  return () => {
    offSignal?.();
    offParent?.();
  };
}

/** With the caller's reason, where it gave one. */
function cancelledBy(call: PlannedCall, { reason }: AbortSignal): Outcome {
  if (typeof reason === 'string' && reason !== '') return cancelled(call, `${BY_CALLER}: ${reason}`);
  if (!(reason instanceof Error) || isDefault(reason)) return cancelled(call, BY_CALLER);
  return { ...cancelled(call, `${BY_CALLER}: ${reason.message || reason.name}`), cause: reason };
}

/** What `abort()` without a reason gives, told by its fixed words: a caller may make such an exception with its own. */
function isDefault(reason: Error): boolean {
  return reason.name === 'AbortError' && reason.message === 'This operation was aborted';
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
