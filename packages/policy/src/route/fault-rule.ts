import type { Random } from '@micromesh/core';
import type { PolicyOrigin, Sourced } from '../origin/resource-place.js';
import type { RuleChance } from './rule-chance.js';

/** How a fault ends a call. */
export interface FaultAbort {
  /** The gRPC status that it ends with. */
  readonly code: number;
  /** The HTTP status that is written; undefined: the gRPC status is. */
  readonly httpStatus: number | undefined;
  readonly origin: PolicyOrigin;
  /** The share of the calls, in [0, 1], in steps of 0.000001. */
  readonly ratio: Sourced<number>;
}

/** How long a fault holds a call up. */
export interface FaultDelay {
  /** At least 1. */
  readonly delayMs: number;
  readonly origin: PolicyOrigin;
  /** The share of the calls, in [0, 1], in steps of 0.000001. */
  readonly ratio: Sourced<number>;
}

/** Faults that a rule makes on purpose; each is drawn by itself. */
export interface FaultRule {
  readonly origin: PolicyOrigin;
  readonly delay: FaultDelay | undefined;
  readonly abort: FaultAbort | undefined;
}

/** The faults that one call, or one attempt, meets; the delay comes first. */
export interface DrawnFault {
  readonly delay: FaultDelay | undefined;
  readonly abort: FaultAbort | undefined;
}

const NO_FAULT: DrawnFault = { delay: undefined, abort: undefined };

/** Draws the faults of one call or attempt, delay and abort apart; the annotation `seed` makes the draws repeatable. */
export function drawFault(fault: FaultRule | undefined, chance: RuleChance, random: Random): DrawnFault {
  if (fault === undefined) return NO_FAULT;
  const { delay, abort } = fault;
  return {
    delay: delay !== undefined && chance.draw('delay', random) < delay.ratio.value ? delay : undefined,
    abort: abort !== undefined && chance.draw('abort', random) < abort.ratio.value ? abort : undefined,
  };
}
