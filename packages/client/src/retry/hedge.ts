import type { PlannedCall } from '../call/client-call.js';

/** With fewer answers a percentile means nothing. */
const MIN_ANSWERS = 20;

/** Whether a call may be hedged at all: running it twice is harmless, and its answer is one message. */
export function mayHedge(call: PlannedCall): boolean {
  return call.plan.hedge !== false && call.method.kind === 'unary';
}

/** How long an attempt goes alone before it is hedged; Infinity: as long as it likes. */
export function hedgeDelayMs(call: PlannedCall, now: number): number {
  const { hedge, latency } = call.plan;
  if (hedge === false || !mayHedge(call)) return Number.POSITIVE_INFINITY;
  if ('afterMs' in hedge) return hedge.afterMs;
  if (latency === undefined || latency.count(now) < MIN_ANSWERS) return Number.POSITIVE_INFINITY;
  return latency.quantile(hedge.atPercentile, now).toMs;
}
