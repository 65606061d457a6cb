/** Tells whether a count is within the 99.9 % interval of what a share of `calls` hits (the normal approximation of the binomial). */
export function isWithin(ratio: number, calls: number): (count: number) => boolean {
  const margin = 3.2905 * Math.sqrt(ratio * (1 - ratio) * calls);
  return (count) => Math.abs(count - ratio * calls) <= margin;
}
