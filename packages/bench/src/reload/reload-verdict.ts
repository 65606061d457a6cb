import type { Growth } from '../soak/footprint.js';

/** What a run is judged by. */
export interface ReloadFigures {
  readonly seconds: number;
  readonly calls: number;
  readonly failed: number;
  readonly retried: number;
  readonly versions: number;
  readonly followed: number;
  readonly mixed: number;
  readonly without: number;
  readonly heapMiB: Growth;
  readonly handles: Growth;
}

/** What the heap may have grown by, measured after a collection; and how many handles more there may be. */
const MAX_GROWTH = { heapMiB: 2, handles: 6 };
/** A watch wakes some ten times a second, each time to the newest version: 17 a second are not all in force. */
const MIN_FOLLOWED_RATIO = 1 / 3;
/** The writes were held up where they took so much longer than they should. */
const MAX_TIME_RATIO = 1.1;

/**
 * What is wrong with a run, in words; empty: nothing. What was not measured is wrong, too.
 *
 * @param asked - what was to be done.
 */
export function reloadProblems(
  figures: ReloadFigures,
  asked: { readonly versions: number; readonly calls: number; readonly seconds: number },
): readonly string[] {
  const { seconds, calls, failed, retried, versions, followed, mixed, without, heapMiB, handles } = figures;
  const problems: string[] = [];
  if (failed > 0) problems.push(`${failed} calls failed`);
  if (mixed > 0) problems.push(`${mixed} calls mixed two versions`);
  if (without > 0) problems.push(`${without} calls went by no policies`);
  if (calls !== asked.calls) problems.push(`${calls} of ${asked.calls} calls ended`);
  if (versions !== asked.versions) problems.push(`${versions} of ${asked.versions} versions were written`);
  if (seconds > asked.seconds * MAX_TIME_RATIO) {
    problems.push(`it took ${seconds} s instead of ${asked.seconds} s: give more --seconds`);
  }
  if (followed < asked.versions * MIN_FOLLOWED_RATIO) {
    problems.push(`calls went by ${followed} versions only, of ${asked.versions}`);
  }
  if (retried === 0)
    problems.push('no call was tried again: it cannot be told whether one would mix versions');
  if (Number.isNaN(heapMiB.grown) || Number.isNaN(handles.grown)) {
    problems.push('too short to tell whether it grows: give more --seconds');
  }
  if (heapMiB.grown > MAX_GROWTH.heapMiB) problems.push(`the heap grew by ${heapMiB.grown} MiB`);
  if (handles.grown > MAX_GROWTH.handles) problems.push(`${handles.grown} handles more`);
  return problems;
}
