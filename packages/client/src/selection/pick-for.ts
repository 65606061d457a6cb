import type { Clock } from '@micromesh/core';
import type { Pick, Picker } from '@micromesh/selector';
import type { PlannedCall } from '../call/client-call.js';
import type { NodeHandle } from '../nodes/node-handle.js';

/** The picker for a call's strategy and filter, as things stand now. */
export function pickerFor(call: PlannedCall): Picker<NodeHandle> {
  const { strategy, filter, filterKey } = call.plan;
  return call.to.nodes.picker(strategy, filter, filterKey);
}

/** The node for a call's next attempt, as things stand now. */
export function pickFor(call: PlannedCall, clock: Clock): Pick<NodeHandle> {
  return pickerFor(call).pick(call.tried, call.hashKey, clock.now());
}
