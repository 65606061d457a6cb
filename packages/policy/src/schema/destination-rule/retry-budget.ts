import type { z } from 'zod';
import { durationOrZero } from '../duration.js';
import { applied, message } from '../field.js';
import { decimal, integer, MAX_UINT32 } from '../leaves.js';

/** How many calls may retry. */
export const retryBudget = message('TrafficPolicy.RetryBudget', {
  percent: applied(
    decimal(0, 100),
    'of the calls under way that may be retrying; default 20',
    'a call counts from its beginning to its end, also while it pauses; in Envoy its requests do',
  ),
  minRetryConcurrency: applied(
    integer(0, MAX_UINT32),
    'retries that may be under way in any case; default 3',
  ),
  budgetInterval: applied(
    durationOrZero(),
    'the share is of the calls and retries that began within this time; default 0s: of the calls under way now',
  ),
});

/** How many calls may retry. */
export type RetryBudget = z.infer<typeof retryBudget>;
