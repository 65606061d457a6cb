import { ConfigError, checkNumber, checkOptionNames } from '@micromesh/core';

/**
 * When a further attempt of an idempotent unary call starts on another node although the first has not failed: after
 * `afterMs` (at least 0), or when it is slower than this share of the method's answers lately (`atPercentile`, 0.5 to 0.999).
 */
export type HedgeSetting = { readonly afterMs: number } | { readonly atPercentile: number } | false;

const MEND = 'give { afterMs: 50 }, { atPercentile: 0.95 }, or false';

/**
 * Looks at a {@link HedgeSetting}.
 *
 * @throws ConfigError naming the option, its value and the fix.
 */
export function checkHedge(field: string, value: unknown): void {
  if (value === false) return;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(field, value, 'is no setting', MEND);
  }
  checkOptionNames(field, value, ['afterMs', 'atPercentile']);
  const given: { readonly afterMs?: unknown; readonly atPercentile?: unknown } = value;
  const { afterMs, atPercentile } = given;
  if ((afterMs === undefined) === (atPercentile === undefined)) {
    const problem = afterMs === undefined ? 'says no time' : 'says two times';
    throw new ConfigError(field, value, problem, MEND);
  }
  if (afterMs !== undefined) checkNumberOf(`${field}.afterMs`, afterMs, 0);
  else checkNumberOf(`${field}.atPercentile`, atPercentile, 0.5, 0.999);
}

function checkNumberOf(field: string, value: unknown, min: number, max?: number): void {
  if (typeof value !== 'number') throw new ConfigError(field, value, 'is no number', MEND);
  checkNumber(field, value, min, max);
}
