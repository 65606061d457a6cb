import type { Attempt } from '../attempt/attempt.js';
import { mayRetry } from './decide-retry.js';

/** How long an attempt may take, whatever its node says of itself. */
export interface AttemptLimit {
  readonly ms: number;
  /** In words: `attemptTimeoutMs 300`. */
  readonly what: string;
}

/** With fewer answers a percentile means nothing. */
const MIN_ANSWERS = 20;
/** An attempt that takes this many times as long as all but one in a hundred is better tried elsewhere. */
const ADAPTIVE = { ratio: 0.99, factor: 2, minMs: 10 };

/** The limit of an attempt; undefined: none of its own. */
export function attemptLimit(attempt: Attempt): AttemptLimit | undefined {
  const { attemptTimeoutMs, way } = attempt.call.plan;
  // What somebody says in figures counts for more than what is reckoned.
  if (attemptTimeoutMs !== undefined)
    return { ms: attemptTimeoutMs, what: `attemptTimeoutMs ${attemptTimeoutMs}` };
  const adaptedMs = way?.actions?.adaptsTimeout === true ? adaptiveMs(attempt) : undefined;
  if (adaptedMs === undefined) return undefined;
  const what = `${Math.round(adaptedMs)} ms, twice what all but 1 % of the answers took lately (micromesh.io/adaptive-attempt-timeout)`;
  return { ms: adaptedMs, what };
}

/**
 * Only where another attempt can follow: the last one has all that is left, so that a method which has become slow still answers, and
 * is known as slow. And only where twice is harmless, since what is cut may have run.
 */
function adaptiveMs({ call, startedAt }: Attempt): number | undefined {
  const { latency, idempotent } = call.plan;
  if (latency === undefined || !idempotent || !mayRetry(call)) return undefined;
  if (latency.count(startedAt) < MIN_ANSWERS) return undefined;
  const { ratio, factor, minMs } = ADAPTIVE;
  return Math.max(minMs, factor * latency.quantile(ratio, startedAt).toMs);
}
