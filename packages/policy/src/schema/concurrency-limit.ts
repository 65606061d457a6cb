import type { z } from 'zod';
import { duration } from './duration.js';
import { applied, message, required } from './field.js';
import { integer, MAX_UINT32 } from './leaves.js';
import { limitTarget } from './limit-target.js';

/** The `spec` of a ConcurrencyLimit. */
export const concurrencyLimitSpec = message('ConcurrencyLimit', {
  ...limitTarget(),
  maxConcurrent: required(
    integer(1, MAX_UINT32),
    'calls at a time; a stream counts as long as it is open; more end with RESOURCE_EXHAUSTED',
  ),
  maxQueued: applied(
    integer(0, MAX_UINT32),
    'calls that may wait for a place, first come, first served; default 0',
  ),
  queueTimeout: applied(duration(), 'how long one waits; default 1s'),
});

/** The `spec` of a ConcurrencyLimit, validated. */
export type ConcurrencyLimitSpec = z.infer<typeof concurrencyLimitSpec>;
