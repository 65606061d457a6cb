/**
 * Envoy's overprovisioning factor: a locality is built to carry its calls while two or three in ten of its nodes are away.
 * Source: envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/overprovisioning
 */
const OVERPROVISIONING = 1.4;

/**
 * The share of its calls that a locality can carry, in [0, 1].
 *
 * @param usable - nodes that are connected and not ejected.
 * @param all - nodes in whatever standing.
 */
export function localShare(usable: number, all: number): number {
  return all === 0 ? 0 : Math.min(1, (usable / all) * OVERPROVISIONING);
}

/**
 * The shares of levels, the nearest first, of what each can carry: what one cannot goes on to the next; where all together cannot
 * carry everything, each gets in proportion. They sum to 1, or to 0 where none can carry anything. Source:
 * envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority
 */
export function levelShares(capacities: readonly number[]): readonly number[] {
  let left = 1;
  const taken = capacities.map((capacity) => {
    const share = Math.min(left, capacity);
    left -= share;
    return share;
  });
  return inProportion(taken);
}

/**
 * The shares of localities that an operator has given ratios: less for one that cannot carry its own. They sum to 1, or to 0 where
 * none can carry anything. Source: envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/locality_weight
 */
export function ratedShares(ratios: readonly number[], capacities: readonly number[]): readonly number[] {
  return inProportion(ratios.map((ratio, index) => ratio * (capacities[index] ?? 0)));
}

function inProportion(parts: readonly number[]): readonly number[] {
  const sum = parts.reduce((total, part) => total + part, 0);
  return sum === 0 ? parts : parts.map((part) => part / sum);
}
