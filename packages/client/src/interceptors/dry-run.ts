import type { Clock } from '@micromesh/core';
import type { Attempt } from '../attempt/attempt.js';
import type { PlannedCall } from '../call/client-call.js';
import type { Bracket } from '../chain/interceptor.js';
import { endDryRun } from '../dry-run/dry-run.js';

/** Tells what rules in dry-run would have made of what a call came to. */
export function dryRun(clock: Clock): Bracket<PlannedCall> {
  return {
    after(call, outcome) {
      const { watched } = call;
      if (watched !== undefined) endDryRun(call, watched, outcome, clock.now() - call.startedAt);
    },
  };
}

/** Tells outlier detections in dry-run what an attempt came to. */
export function dryRunMark(clock: Clock): Bracket<Attempt> {
  return {
    after(attempt, outcome) {
      attempt.call.watched?.ejections?.count(attempt, outcome, clock.now());
    },
  };
}
