import type { z } from 'zod';
import { applied, message } from '../field.js';
import { decimal } from '../leaves.js';

/** A share of all calls. */
export const percent = message('Percent', {
  value: applied(decimal(0, 100), 'in steps of 0.0001; what is between is rounded down; default 0'),
});

/** A share of all calls, as Istio writes it. */
export type Percent = z.infer<typeof percent>;

const STEPS_PER_PERCENT = 10_000;

/** The share in [0, 1], with Istio's precision: steps of 0.0001 %, rounded down. A percentage without a value is 0. */
export function percentRatio(given: Percent): number {
  // 0.0003 * 10_000 is 2.9999999999999996.
  const steps = Number(((given.value ?? 0) * STEPS_PER_PERCENT).toPrecision(12));
  return Math.floor(steps) / (100 * STEPS_PER_PERCENT);
}
