/**
 * The interval that a count of `trials` with a known chance each falls into with probability 0.999, by exact tails.
 *
 * @returns both ends, which belong to it.
 */
export function binomialInterval(
  trials: number,
  chance: number,
): { readonly low: number; readonly high: number } {
  const tail = 0.0005;
  // Logarithms: 0.96 to the power of many is no number that a double holds.
  let logTerm = trials * Math.log1p(-chance);
  let below = 0;
  let low: number | undefined;
  for (let count = 0; count <= trials; count++) {
    below += Math.exp(logTerm);
    if (low === undefined && below > tail) low = count;
    if (below >= 1 - tail) return { low: low ?? 0, high: count };
    logTerm += Math.log((trials - count) / (count + 1)) + Math.log(chance) - Math.log1p(-chance);
  }
  return { low: low ?? 0, high: trials };
}
