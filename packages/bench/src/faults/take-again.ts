import type { FaultRow } from './count/row.js';

/** How often one fault is brought at most. */
const MAX_TAKES = 3;

/**
 * Brings a fault again where nothing but times broke a promise: on a machine that is shared, a p99 of some hundred calls is often somebody
 * else's work. A call that failed or ran twice counts at once, in whatever take it was.
 *
 * @param take - brings the fault once; its number comes first, from 1.
 */
export async function takeAgain(
  take: (number: number) => Promise<readonly FaultRow[]>,
): Promise<readonly FaultRow[]> {
  for (let number = 1; ; number++) {
    const rows = await take(number);
    if (number === MAX_TAKES || !onlySlow(rows)) return rows.map((row) => ({ ...row, takes: number }));
  }
}

function onlySlow(rows: readonly FaultRow[]): boolean {
  const broken = rows.flatMap((row) => row.broken);
  return broken.length > 0 && broken.every(({ kind }) => kind === 'slow');
}
