/**
 * Envoy's overprovisioning factor: a zone is built to carry its calls while two or three in ten of its nodes are away.
 * Source: envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/overprovisioning
 */
const OVERPROVISIONING = 1.4;

/**
 * The share of calls that stays in the caller's own zone, in [0, 1]; the rest spills over to the others.
 *
 * @param usable - local nodes that are connected and not ejected.
 * @param all - local nodes in whatever standing.
 */
export function localShare(usable: number, all: number): number {
  return all === 0 ? 0 : Math.min(1, (usable / all) * OVERPROVISIONING);
}
