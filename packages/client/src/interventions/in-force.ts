import type { Intervention } from './intervention.js';

/** What comes of interventions that operators want. */
export interface InForce {
  /** By node id. */
  readonly ejected: ReadonlyMap<string, Intervention>;
  /** The one that would take the last node, and does not count. */
  readonly ignored: Intervention | undefined;
}

/**
 * Sorts out which interventions count for these nodes: all but one where they would leave no node. The newest is the one that
 * does not count, so that all who see the same nodes leave the same one.
 */
export function interventionsInForce(
  nodeIds: readonly string[],
  wanted: ReadonlyMap<string, Intervention>,
): InForce {
  const found = nodeIds.map((id) => wanted.get(id)).filter((each) => each !== undefined);
  const ignored =
    found.length > 0 && found.length === nodeIds.length
      ? found.reduce((newest, each) => (isNewer(each, newest) ? each : newest))
      : undefined;
  const ejected = new Map<string, Intervention>();
  for (const each of found) if (each !== ignored) ejected.set(each.nodeId, each);
  return { ejected, ignored };
}

function isNewer(a: Intervention, b: Intervention): boolean {
  return a.atMs === b.atMs ? a.nodeId > b.nodeId : a.atMs > b.atMs;
}
