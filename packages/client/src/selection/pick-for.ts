import type { Clock } from '@micromesh/core';
import type { Pick, Picker } from '@micromesh/selector';
import type { PlannedCall } from '../call/client-call.js';
import type { NodeHandle } from '../nodes/node-handle.js';
import type { RetryNodes } from '../routing/rule-actions.js';

/** The picker for a call's strategy and filter, as things stand now. */
export function pickerFor(call: PlannedCall): Picker<NodeHandle> {
  const { strategy, filter, filterKey } = call.plan;
  const { nodes, ejections } = call.to;
  return nodes.picker(strategy, filter, filterKey, ejections);
}

/** The node for a call's next attempt, as things stand now. */
export function pickFor(call: PlannedCall, clock: Clock): Pick<NodeHandle> {
  const near = call.attempts === 0 ? undefined : call.plan.way?.actions?.retryNodes;
  const local = near === undefined ? undefined : pickNear(call, near, clock);
  return local ?? pickerFor(call).pick(call.tried, call.hashKey, clock.now());
}

/** A retry keeps to its locality as long as a node is there that it has not tried. */
function pickNear(
  call: PlannedCall,
  { filter, filterKey }: RetryNodes,
  clock: Clock,
): Pick<NodeHandle> | undefined {
  const { nodes, ejections } = call.to;
  const pick = nodes
    .picker(call.plan.strategy, filter, filterKey, ejections)
    .pick(call.tried, call.hashKey, clock.now());
  return pick.kind === 'node' && !call.tried.includes(pick.candidate.node.id) ? pick : undefined;
}
