import type { FaultRow } from './count/row.js';

/** How often one fault is brought at most. */
const MAX_TAKES = 3;

/**
 * Brings a fault again where nothing but times broke a promise: on a machine that is shared, a p99 of some hundred calls is often somebody
 * else's work. Each row is of the first take in which it was in time, or of the last one. A call that failed or ran twice counts at once, in
 * whatever take it was.
 *
 * @param take - brings the fault once; its number comes first, from 1. Its rows are in the same order each time.
 */
export async function takeAgain(
  take: (number: number) => Promise<readonly FaultRow[]>,
): Promise<readonly FaultRow[]> {
  let rows: readonly FaultRow[] = [];
  for (let number = 1; number === 1 || (number <= MAX_TAKES && onlySlow(rows)); number++) {
    const taken = (await take(number)).map((row) => ({ ...row, takes: number }));
    rows = number === 1 ? taken : taken.map((row, index) => better(rows[index], row));
  }
  return rows;
}

function better(before: FaultRow | undefined, now: FaultRow): FaultRow {
  const isLost = now.broken.some(({ kind }) => kind !== 'slow');
  return before === undefined || before.broken.length > 0 || isLost ? now : before;
}

function onlySlow(rows: readonly FaultRow[]): boolean {
  const broken = rows.flatMap((row) => row.broken);
  return broken.length > 0 && broken.every(({ kind }) => kind === 'slow');
}
