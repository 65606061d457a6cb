/** Chance, injected: a number in [0, 1), as `Math.random` gives it. */
export type Random = () => number;

/** The machine's own chance. */
export const systemRandom: Random = Math.random;

/**
 * A repeatable {@link Random} for tests and for seeded faults.
 *
 * @param seed - any integer; equal seeds give equal sequences. Source: mulberry32, Tommy Ettinger, public domain.
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return function next() {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
