import { status } from '@grpc/grpc-js';
import type { Clock, Outcome } from '@micromesh/core';
import { Attempt } from '../attempt/attempt.js';
import type { PlannedCall } from '../call/client-call.js';
import type { Interceptor, Invoke } from '../chain/interceptor.js';
import { supersededOutcome } from '../chain/local-outcome.js';
import type { NodeHandle } from '../nodes/node-handle.js';
import { nodeThatAnswers } from '../selection/node-that-answers.js';
import { pickFor } from '../selection/pick-for.js';
import { type Found, waitForNode } from '../selection/wait-for-node.js';

/** Picks the node of an attempt, at once where a connected one is left and no node of the call was lost. */
export function select(clock: Clock): Interceptor<PlannedCall, Attempt> {
  return (next) => {
    const start = (call: PlannedCall, found: Found) =>
      'handle' in found ? attemptOn(call, found.handle, next, clock) : found.outcome;
    return function select(call) {
      if (call.lostAt !== undefined || call.running > 0) {
        return nodeThatAnswers(call, clock).then((found) => start(call, found));
      }
      const pick = pickFor(call, clock);
      return pick.kind === 'node'
        ? attemptOn(call, pick.candidate, next, clock)
        : waitForNode(call, pick, clock).then((found) => start(call, found));
    };
  };
}

function attemptOn(
  call: PlannedCall,
  handle: NodeHandle,
  next: Invoke<Attempt>,
  clock: Clock,
): Promise<Outcome> {
  // Its end may have come while a user's code was at work, or in the wait for a node.
  if (call.over !== undefined) return Promise.resolve(call.over);
  call.attempts++;
  const attempt = new Attempt(call, handle, call.attempts, clock);
  const isExtra = call.extraTaken;
  call.begin(attempt);
  if (call.notes !== undefined) call.notes.began(call, attempt.attempt, handle);
  if (!call.raced) return next(attempt);
  // Another may have claimed the call while a user's interceptor was at work on the end of this one, which then is nobody's.
  return next(attempt).then((outcome) => {
    if (outcome.code === status.OK) return outcome;
    if (call.winner !== undefined && call.winner !== attempt) return supersededOutcome(outcome.delivery);
    if (isExtra && outcome.delivery === 'unsent') call.unsentExtras = [...call.unsentExtras, outcome];
    return outcome;
  });
}
