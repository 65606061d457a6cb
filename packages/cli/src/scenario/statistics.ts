import type { CallLedger, CallRecord } from './call-ledger.js';
import type { TimelineBucket } from './result.js';

const BUCKET_MS = 100;

/** A status of the load's own: the call had not ended when the run did. */
export const UNFINISHED = 'UNFINISHED';

/** Something that was done to the nodes or the registry. */
export interface RunEvent {
  /** Since the load began. */
  readonly atMs: number;
  readonly text: string;
}

/** What the calls of a run add up to. */
export interface CallStatistics {
  readonly calls: number;
  readonly ok: number;
  readonly failed: number;
  readonly retried: number;
  readonly attempts: number;
  readonly codes: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly recoveryMs: number;
  readonly timeline: readonly TimelineBucket[];
}

/**
 * Adds up the calls of a run.
 *
 * @param endMs - when the run ended: calls that had not are counted as failed then.
 * @param faultMs - when the fault came.
 */
export function summarise(
  ledger: CallLedger,
  faultMs: number,
  endMs: number,
  events: readonly RunEvent[],
): CallStatistics {
  const { calls, retriedStartsMs } = ledger;
  const latencies = sortedLatencies(calls, endMs);
  const ok = calls.filter(({ code }) => code === 'OK').length;
  return {
    calls: calls.length,
    ok,
    failed: calls.length - ok,
    retried: retriedStartsMs.length,
    attempts: ledger.attempts,
    codes: countCodes(calls),
    p50Ms: round(percentile(latencies, 0.5)),
    p99Ms: round(percentile(latencies, 0.99)),
    maxMs: round(latencies.at(-1) ?? 0),
    recoveryMs: round(recovery(ledger, faultMs, endMs)),
    timeline: buildTimeline(ledger, events),
  };
}

/**
 * The value that a share of the values does not exceed (nearest rank); 0 of none.
 *
 * @param sorted - ascending.
 */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function sortedLatencies(calls: readonly CallRecord[], endMs: number): number[] {
  return calls.map((call) => latencyOf(call, endMs)).sort((a, b) => a - b);
}

function latencyOf(call: CallRecord, endMs: number): number {
  return (call.endMs ?? endMs) - call.startMs;
}

function countCodes(calls: readonly CallRecord[]): Record<string, number> {
  const codes: Record<string, number> = {};
  for (const { code = UNFINISHED } of calls) codes[code] = (codes[code] ?? 0) + 1;
  return codes;
}

// A call that was in flight when the fault came started before it; then the trouble was over at once: 0.
function recovery({ calls, retriedStartsMs }: CallLedger, faultMs: number, endMs: number): number {
  const before = calls.filter((call) => call.endMs !== undefined && call.endMs <= faultMs);
  const slowMs = 2 * percentile(sortedLatencies(before, endMs), 0.99);
  let last = faultMs;
  for (const call of calls) {
    const disturbed = call.code !== 'OK' || (slowMs > 0 && latencyOf(call, endMs) > slowMs);
    if (disturbed) last = Math.max(last, call.startMs);
  }
  for (const startMs of retriedStartsMs) last = Math.max(last, startMs);
  return last - faultMs;
}

function buildTimeline(
  { calls, retriedStartsMs }: CallLedger,
  events: readonly RunEvent[],
): TimelineBucket[] {
  const buckets: {
    ms: number;
    calls: number;
    ok: number;
    failed: number;
    retried: number;
    event?: string;
  }[] = [];
  const bucketAt = (atMs: number) => {
    const index = Math.max(0, Math.floor(atMs / BUCKET_MS));
    for (let next = buckets.length; next <= index; next++) {
      buckets.push({ ms: next * BUCKET_MS, calls: 0, ok: 0, failed: 0, retried: 0 });
    }
    return buckets[index];
  };
  for (const { startMs, code } of calls) {
    const bucket = bucketAt(startMs);
    if (bucket === undefined) continue;
    bucket.calls++;
    if (code === 'OK') bucket.ok++;
    else bucket.failed++;
  }
  for (const startMs of retriedStartsMs) {
    const bucket = bucketAt(startMs);
    if (bucket !== undefined) bucket.retried++;
  }
  for (const { atMs, text } of events) {
    const bucket = bucketAt(atMs);
    if (bucket !== undefined) bucket.event = bucket.event === undefined ? text : `${bucket.event}; ${text}`;
  }
  return buckets;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
