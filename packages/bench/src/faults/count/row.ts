import { percentile } from '../../statistics.js';
import type { Fault } from '../fault.js';
import type { CallRecord } from '../process/messages.js';
import { callId, isIdempotent, type LedgerMethod } from '../service/ledger.js';
import type { Strike } from '../stage/strike.js';
import type { Effects } from './effects.js';
import { judgeExecution } from './executions.js';

/** How soon after a fault the times of calls have to be back where they were. */
const RECOVERY_MS = 1_000;

type Timed = Pick<CallRecord, 'startMs' | 'endMs'>;

/** A promise of micromesh that was not kept: calls `failed`, were executed `twice`, or were `slow` when they should not be any more. */
export interface BrokenPromise {
  readonly kind: 'failed' | 'twice' | 'slow';
  /** In words. */
  readonly text: string;
}

/** A row before it is judged. */
export type CountedRow = Omit<FaultRow, 'broken' | 'takes'>;

/** What a fault did to the calls of one client to one method; times in ms. */
export interface FaultRow {
  readonly fault: string;
  readonly client: string;
  readonly idempotent: boolean;
  readonly calls: number;
  readonly failed: number;
  /** Calls with more than one effect, but for those of `maybeTwice`. */
  readonly executedTwice: number;
  /** Calls that were inside a node when it died, or had just taken effect when it stood still or was cut off: what no client can know. */
  readonly maybeTwice: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** From the fault to the start of the last call that took over twice the p99 before it, failed, or began on a node more than once. */
  readonly lastSlowMs: number;
  /** Of the calls before the fault, both methods. */
  readonly p99BeforeMs: number;
  /** Of the calls that started at least 1 s after the fault. */
  readonly p99AfterMs: number;
  /** How failed calls ended: `UNAVAILABLE: ...`, with how many did, the most frequent first; at most three. */
  readonly failures: readonly string[];
  /** What micromesh promises and did not keep here; of other clients always empty. */
  readonly broken: readonly BrokenPromise[];
  /** The take of the fault that the row is of: the first in which its times could be told from the machine's own; 1 to 3. */
  readonly takes: number;
  /** Why the fault was not brought on this machine; the figures are 0 then. */
  readonly skipped?: string;
}

/** What a run of one fault was, for all its rows. */
export interface FaultRun {
  readonly fault: Fault;
  readonly effects: Effects;
  readonly strikes: readonly Strike[];
  /** When calls began to count, and when the fault came; by the machine's monotonic clock. */
  readonly countedFromMs: number;
  readonly faultMs: number;
  /** What a bare client of an untouched node had from 1 s after the fault on. */
  readonly controlP99AfterMs: number;
}

/** A call with what the nodes know of it. */
export interface JudgedCall extends CallRecord {
  readonly tookMs: number;
  readonly execution: 'once' | 'twice' | 'maybeTwice';
  /** Began on nodes more than once. */
  readonly retried: boolean;
}

/** The calls of one client to one method that count. */
export function judgeCalls(
  { effects, strikes, countedFromMs }: FaultRun,
  client: string,
  calls: readonly CallRecord[],
): readonly JudgedCall[] {
  return calls
    .filter(({ startMs }) => startMs >= countedFromMs)
    .map((call) => {
      const lines = effects.get(callId(client, call.method, call.index)) ?? [];
      return {
        ...call,
        tookMs: call.endMs - call.startMs,
        execution: judgeExecution(lines, strikes, call.endMs),
        retried: lines.filter(({ event }) => event === 'start').length > 1,
      };
    });
}

/** Adds up the calls of one client to one method. */
export function rowOf(
  { fault, faultMs }: FaultRun,
  client: string,
  method: LedgerMethod,
  all: readonly JudgedCall[],
): CountedRow {
  const own = all.filter((call) => call.method === method);
  const p99BeforeMs = p99(all.filter(({ endMs }) => endMs <= faultMs));
  const took = ascending(own);
  const disturbed = own.filter(
    ({ code, tookMs, retried }) => code !== 0 || retried || tookMs > 2 * p99BeforeMs,
  );
  return {
    fault: fault.name,
    client,
    idempotent: isIdempotent(method),
    calls: own.length,
    failed: own.filter(({ code }) => code !== 0).length,
    executedTwice: own.filter(({ execution }) => execution === 'twice').length,
    maybeTwice: own.filter(({ execution }) => execution === 'maybeTwice').length,
    p50Ms: round(percentile(took, 0.5)),
    p99Ms: round(percentile(took, 0.99)),
    maxMs: round(took.at(-1) ?? 0),
    lastSlowMs: round(Math.max(0, ...disturbed.map(({ startMs }) => startMs - faultMs))),
    p99BeforeMs: round(p99BeforeMs),
    p99AfterMs: round(p99After(own, faultMs)),
    failures: mostFrequent(own.flatMap(({ detail }) => detail ?? [])),
  };
}

/** The row of a fault that this machine does not let us bring. */
export function skippedRow(fault: Fault, client: string, method: LedgerMethod, reason: string): FaultRow {
  const nothing = { calls: 0, failed: 0, executedTwice: 0, maybeTwice: 0 };
  const times = { p50Ms: 0, p99Ms: 0, maxMs: 0, lastSlowMs: 0, p99BeforeMs: 0, p99AfterMs: 0 };
  const idempotent = isIdempotent(method);
  return {
    ...{ fault: fault.name, client, idempotent, ...nothing, ...times },
    ...{ failures: [], broken: [], takes: 1, skipped: reason },
  };
}

/** Of the calls that started at least 1 s after the fault. */
export function p99After(calls: readonly Timed[], faultMs: number): number {
  return p99(calls.filter(({ startMs }) => startMs >= faultMs + RECOVERY_MS));
}

function p99(calls: readonly Timed[]): number {
  return percentile(ascending(calls), 0.99);
}

function ascending(calls: readonly Timed[]): readonly number[] {
  return calls.map(({ startMs, endMs }) => endMs - startMs).sort((a, b) => a - b);
}

/** Of what was said, numbers left out, since times and ports differ. */
function mostFrequent(texts: readonly string[]): readonly string[] {
  const counts = new Map<string, { count: number; text: string }>();
  for (const text of texts) {
    const key = text.replace(/\d+(\.\d+)?/g, '#');
    const { count } = counts.get(key) ?? { count: 0 };
    counts.set(key, { count: count + 1, text });
  }
  const sorted = [...counts.values()].sort((a, b) => b.count - a.count);
  return sorted.slice(0, 3).map(({ count, text }) => `${count}x ${text}`);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
