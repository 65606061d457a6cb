import type { Strike } from '../stage/strike.js';
import type { EffectLine } from './effects.js';

/** How often a call was executed: `maybeTwice` is what no client can know. */
export type Execution = 'once' | 'twice' | 'maybeTwice';

/**
 * How long a node may take to begin what had arrived before it was cut off. The link stays down for longer, so that nothing can have
 * arrived meanwhile.
 */
const IN_LINE_MS = 1000;

/**
 * Judges one call.
 *
 * @param answeredMs - when the client had its answer or gave up.
 */
export function judgeExecution(
  lines: readonly EffectLine[],
  strikes: readonly Strike[],
  answeredMs: number,
): Execution {
  const effects = lines.filter(({ event }) => event === 'effect').length;
  if (strikes.some((strike) => answeredMs >= strike.fromMs && isUnknowable(lines, effects, strike))) {
    return 'maybeTwice';
  }
  return effects > 1 ? 'twice' : 'once';
}

/**
 * A call was inside a handler of a node when it died; or it had taken effect there when it stood still, or was cut off before its
 * answer was out, and took effect again elsewhere.
 */
function isUnknowable(lines: readonly EffectLine[], effects: number, strike: Strike): boolean {
  const { node, fromMs, untilMs, kind } = strike;
  const graceMs = kind === 'cut' ? IN_LINE_MS : 0;
  const there = lines.filter((line) => line.node === node && line.atMs <= untilMs + graceMs);
  if (!there.some(({ event }) => event === 'start')) return false;
  // Begun elsewhere before anything had happened: the strike is no excuse for that.
  if (lines.some((line) => line.node !== node && line.atMs < fromMs)) return false;
  if (kind === 'cut') return effects > 1;
  const tookEffect = there.some(({ event }) => event === 'effect');
  return tookEffect ? effects > 1 : kind === 'death';
}

/** The streams that were open in a struck node: begun there, not ended. */
export function wasOpenIn(lines: readonly EffectLine[], strike: Strike): boolean {
  const there = lines.filter((line) => line.node === strike.node && line.atMs <= strike.untilMs);
  const starts = there.filter(({ event }) => event === 'start').length;
  const ends = there.filter(({ event }) => event === 'end').length;
  return starts > ends;
}
