import type { StormSecond } from './storm-second.js';
import type { StormSetting } from './storm-setting.js';

/** A second is as before if this share of its calls ends well: calls that are under way at its ends make some 3 % of difference. */
const GOOD_RATIO = 0.9;

type Window = Pick<StormSetting, 'faultFromMs' | 'faultToMs'>;

/** Calls a second that ended well before the fault. */
export function goodputBefore(seconds: readonly StormSecond[], { faultFromMs }: Window): number {
  const before = seconds.filter(({ second }) => (second + 1) * 1000 <= faultFromMs);
  return before.reduce((sum, { goodput }) => sum + goodput, 0) / before.length;
}

/**
 * How long after the fault the first second began from which on, to the end of the run, goodput is what it was before, or what is
 * offered where that is less; null where there is none.
 */
export function recoveredAfterMs(seconds: readonly StormSecond[], window: Window): number | null {
  const usual = goodputBefore(seconds, window);
  const after = seconds.filter(({ second }) => second * 1000 >= window.faultToMs);
  const lastBad = after.findLast((each) => isBad(each, usual));
  const from = lastBad === undefined ? after[0] : after[after.indexOf(lastBad) + 1];
  return from === undefined ? null : from.second * 1000 - window.faultToMs;
}

/** Whether too few of a second's calls ended well. @param usual - calls a second that ended well before the fault. */
export function isBad({ goodput, offered }: StormSecond, usual: number): boolean {
  return goodput < GOOD_RATIO * Math.min(offered, usual);
}
