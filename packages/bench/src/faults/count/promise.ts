import { type FaultContender, RETRIES } from '../contenders/fault-client.js';
import { callId } from '../service/ledger.js';
import { binomialInterval } from './binomial.js';
import { wasOpenIn } from './executions.js';
import type { BrokenPromise, CountedRow, FaultRun, JudgedCall } from './row.js';

/** How soon a stream that has begun has to fail when its node is gone. */
const SURFACES_WITHIN_MS = 250;

/** By when what a fault caught has failed, where it may. */
const CAUGHT_WITHIN_MS = 1_000;

type Promising = Pick<FaultContender, 'id' | 'promises' | 'retries'>;

/**
 * What a client of micromesh promises: no call fails while a healthy node is left; what is not idempotent never runs twice; one
 * second after the fault the p99 is back within twice of what it was, or of what the machine itself makes of a call by then.
 *
 * @param calls - of the row's client and method.
 * @returns what was not kept.
 */
export function brokenPromises(
  run: FaultRun,
  client: Promising,
  row: CountedRow,
  calls: readonly JudgedCall[],
): readonly BrokenPromise[] {
  if (client.promises === 'nothing') return [];
  const broken: BrokenPromise[] = failedDespite(run, client, row, calls).map((text) => ({
    kind: 'failed',
    text,
  }));
  if (client.promises !== 'noFailure' && !row.idempotent && row.executedTwice > 0) {
    const text = `${row.executedTwice} calls were executed twice: ${pathOfTwice(run, client.id, calls)}`;
    broken.push({ kind: 'twice', text });
  }
  const { healthyLeft = true } = run.fault;
  if (healthyLeft && row.p99AfterMs > 2 * Math.max(row.p99BeforeMs, run.controlP99AfterMs)) {
    broken.push({ kind: 'slow', text: stillSlow(run, row) });
  }
  return broken;
}

function failedDespite(
  run: FaultRun,
  client: Promising,
  row: CountedRow,
  calls: readonly JudgedCall[],
): readonly string[] {
  const { healthyLeft = true, failRatio = 0, breaksStreams = false, answersErrors = false } = run.fault;
  const mayFail = client.promises === 'onceOnly' && !row.idempotent;
  if (breaksStreams) return brokenStreams(run, client.id, calls, mayFail);
  if (!healthyLeft || (mayFail && answersErrors)) return [];
  if (failRatio > 0) return brokenByChance(run, client, calls, failRatio);
  const caughtUntilMs = mayFail ? run.faultMs + CAUGHT_WITHIN_MS : Number.NEGATIVE_INFINITY;
  const failed = calls.filter(({ code, startMs }) => code !== 0 && startMs > caughtUntilMs).length;
  return failed > 0 ? [`${failed} calls failed`] : [];
}

/** Where and when the first of the calls that were executed twice was: what a run cannot be asked later. */
function pathOfTwice({ effects, faultMs }: FaultRun, client: string, calls: readonly JudgedCall[]): string {
  const twice = calls.find(({ execution }) => execution === 'twice');
  if (twice === undefined) return 'none is known';
  const { method, index, startMs, endMs } = twice;
  const after = (ms: number) => `${Math.round(ms - startMs)} ms`;
  const lines = effects.get(callId(client, method, index)) ?? [];
  const path = lines.map(({ node, event, atMs }) => `${event} at ${node} after ${after(atMs)}`);
  return `one began ${Math.round(startMs - faultMs)} ms after the fault; ${path.join(', ')}; it ended after ${after(endMs)}`;
}

function stillSlow({ controlP99AfterMs }: FaultRun, { p99AfterMs, p99BeforeMs }: CountedRow): string {
  const bare = `a bare client of an untouched node has ${Math.round(controlP99AfterMs)} ms`;
  return `p99 ${p99AfterMs} ms from 1 s after the fault on, ${p99BeforeMs} ms before it; ${bare}`;
}

function brokenByChance(
  run: FaultRun,
  { retries = RETRIES }: Promising,
  calls: readonly JudgedCall[],
  failRatio: number,
): readonly string[] {
  const after = calls.filter(({ startMs }) => startMs >= run.faultMs);
  const failed = calls.filter(({ code }) => code !== 0).length;
  const { low, high } = binomialInterval(after.length, failRatio ** (1 + retries));
  if (failed >= low && failed <= high) return [];
  return [`${failed} of ${after.length} calls failed, outside of ${low} to ${high}`];
}

/**
 * Only what was open in the dead node may fail, and it has to at once; what comes later finds another node.
 *
 * @param mayFail - so may what had gone to the node and not begun there: who repeats only what is safe cannot know.
 */
function brokenStreams(
  { effects, strikes, faultMs }: FaultRun,
  client: string,
  calls: readonly JudgedCall[],
  mayFail: boolean,
): readonly string[] {
  const failed = calls.filter(({ code }) => code !== 0);
  const wasUnderWay = ({ startMs }: JudgedCall) => mayFail && startMs <= faultMs + SURFACES_WITHIN_MS;
  const wasOpen = ({ method, index }: JudgedCall) =>
    strikes.some((strike) => wasOpenIn(effects.get(callId(client, method, index)) ?? [], strike));
  const others = failed.filter((call) => !wasOpen(call) && !wasUnderWay(call));
  const late = failed.filter(({ endMs }) => endMs > faultMs + SURFACES_WITHIN_MS);
  return [
    ...(others.length > 0 ? [`${others.length} streams failed that were not open in the dead node`] : []),
    ...(late.length > 0 ? [`${late.length} streams failed later than ${SURFACES_WITHIN_MS} ms`] : []),
  ];
}
