import { BACKOFF_DEFAULTS } from '@micromesh/client';
import { seededRandom } from '@micromesh/core';
import { WORK_MS } from '../demo/service-processes.js';
import { type ExpectedShare, expectShare } from './expected-share.js';
import { FLAKY } from './flaky-setting.js';
import type { ScenarioOptions } from './result.js';

/** The mesh's own. */
const DEFAULT_RETRIES = 1;

/** What a run of `flaky` with these options and so many calls should come to. */
export function expectFlaky(
  { nodes, retries = DEFAULT_RETRIES, maxConcurrentRetries }: ScenarioOptions,
  calls: number,
): ExpectedShare {
  const { callers, errorRatio, spreadMs, seed } = FLAKY;
  const { baseMs, maxMs } = BACKOFF_DEFAULTS;
  return expectShare(
    {
      ...{ callers, errorRatio, retries },
      maxConcurrentRetries: maxConcurrentRetries ?? Number.POSITIVE_INFINITY,
      serviceMs: (random) => WORK_MS + spreadMs * random(),
      // The client's: nothing for the first move to another node, else full jitter.
      backoffMs: (retry, random) =>
        retry === 1 && nodes > 1 ? 0 : random() * Math.min(maxMs, baseMs * 2 ** retry),
    },
    calls,
    seededRandom(seed),
  );
}
