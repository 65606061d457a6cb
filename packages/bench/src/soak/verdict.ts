import type { Growth } from './footprint.js';

/** What a soak is judged by. */
export interface SoakFigures {
  readonly calls: number;
  readonly failed: number;
  readonly kills: number;
  readonly heapMiB: Growth;
  readonly handles: Growth;
}

/** What a run may have grown by: the heap is measured after a collection, handles are those of nodes that come and go. */
const MAX_GROWTH = { heapMiB: 4, handles: 6 };

/**
 * What is wrong with a soak, in words; empty: nothing. What was not measured is wrong, too.
 *
 * @param asked - how many calls were to be made.
 */
export function soakProblems(figures: SoakFigures, asked: number): readonly string[] {
  const { calls, failed, kills, heapMiB, handles } = figures;
  const problems: string[] = [];
  if (failed > 0) problems.push(`${failed} calls failed`);
  if (calls !== asked) problems.push(`${calls} of ${asked} calls were made`);
  if (kills === 0) problems.push('no node was killed: give more --calls, or a lower --kill-every-ms');
  if (Number.isNaN(heapMiB.grown) || Number.isNaN(handles.grown)) {
    problems.push('too short to tell whether it grows: give more --calls, or a lower --sample-every-ms');
  }
  if (heapMiB.grown > MAX_GROWTH.heapMiB) problems.push(`the heap grew by ${heapMiB.grown} MiB`);
  if (handles.grown > MAX_GROWTH.handles) problems.push(`${handles.grown} handles more`);
  return problems;
}
