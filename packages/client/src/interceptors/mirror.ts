import type { Outcome, Random } from '@micromesh/core';
import { drawMirrors, type Mirror } from '@micromesh/policy/route';
import type { PlannedCall } from '../call/client-call.js';
import type { Interceptor, Invoke } from '../chain/interceptor.js';
import type { CopyLimits, MirrorCopies } from '../mirror/mirror-copies.js';

type Targets = readonly Mirror['target'][];

/**
 * Sends copies of calls to the mirrors of their rules, each once, whatever is retried: above retry. A copy leaves after the call itself, and
 * nothing of it reaches the caller.
 */
export function mirror(copies: MirrorCopies, random: Random): Interceptor<PlannedCall> {
  return (next) =>
    function mirror(call) {
      const actions = call.plan.way?.actions;
      if (actions === undefined || actions.mirrors.length === 0) return next(call);
      const targets = drawMirrors(actions.mirrors, actions.chance, random);
      return targets.length === 0 ? next(call) : mirrored(call, targets, copies, next);
    };
}

function mirrored(
  call: PlannedCall,
  targets: Targets,
  copies: MirrorCopies,
  next: Invoke<PlannedCall>,
): Promise<Outcome> {
  if (!call.requests.ended) return mirroredAtItsEnd(call, targets, copies, next);
  const outcome = next(call);
  const limits = limitsOf(call, outcome);
  for (const target of targets) copies.send(call, target, limits, next);
  return outcome;
}

/** A request stream is copied when it has ended: as a whole, or not at all. */
function mirroredAtItsEnd(
  call: PlannedCall,
  targets: Targets,
  copies: MirrorCopies,
  next: Invoke<PlannedCall>,
): Promise<Outcome> {
  let waits = true;
  call.whenRequestEnds = () => {
    waits = false;
    call.whenRequestEnds = undefined;
    const limits = limitsOf(call, outcome);
    for (const target of targets) copies.send(call, target, limits, next);
  };
  const outcome = next(call);
  void outcome.then(() => {
    call.whenRequestEnds = undefined;
    if (waits) for (const target of targets) copies.dropPart(call, target);
  });
  return outcome;
}

/** A copy has the time that the call has; where that has no deadline, it may not outlast it for long. */
function limitsOf(call: PlannedCall, outcome: Promise<Outcome>): CopyLimits {
  return call.deadline === Number.POSITIVE_INFINITY
    ? { kind: 'call', ended: outcome }
    : { kind: 'deadline', at: call.deadline };
}
