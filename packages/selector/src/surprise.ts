/** So many of all. */
export interface Share {
  readonly part: number;
  readonly of: number;
}

/**
 * How surprising it would be that the first share is as high and the second as low as they are, if one and the same chance had made both:
 * the natural logarithm of its odds. 20: not once in 10^8. Whatever that chance is, Chernoff's bound of both tails together is e^-surprise,
 * and is highest for the share that both have in common (this is half of the G-test's figure).
 *
 * @returns 0 where the first is not higher.
 */
export function surprise(high: Share, low: Share): number {
  if (high.part * low.of <= low.part * high.of) return 0;
  const common = (high.part + low.part) / (high.of + low.of);
  return divergence(high, common) + divergence(low, common);
}

/** Kullback and Leibler's, of all draws together. */
function divergence({ part, of }: Share, chance: number): number {
  const rest = of - part;
  return term(part, of * chance) + term(rest, of * (1 - chance));
}

function term(seen: number, expected: number): number {
  return seen === 0 ? 0 : seen * Math.log(seen / expected);
}
