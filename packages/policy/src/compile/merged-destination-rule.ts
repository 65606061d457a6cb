import { type PolicyOrigin, ResourcePlace } from '../origin/resource-place.js';
import type { PolicyCaller } from '../route/route-request.js';
import type { DestinationRule } from '../validate/resource.js';
import type { PlacedPolicy } from './traffic/traffic-blocks.js';

/** A named part of the nodes of a service. */
export interface SubsetRule {
  readonly name: string;
  /** Labels that its nodes have; `version` is the version of the node. */
  readonly labels: Readonly<Record<string, string>>;
  readonly origin: PolicyOrigin;
}

/** All that the DestinationRules of one host say. */
export interface MergedDestinationRule {
  readonly sources: readonly DestinationRule[];
  readonly policy: PlacedPolicy | undefined;
  readonly subsets: ReadonlyMap<string, SubsetRule>;
  readonly subsetPolicies: ReadonlyMap<string, PlacedPolicy>;
}

/**
 * Joins the rules of one host: subsets are put one after the other, of two of a name the first counts, and of the policies the first.
 * Source: Istio's mergeDestinationRule, pilot/pkg/model/destination_rule.go. Rules with a workload selector count for the callers that
 * have its labels, and before those without.
 */
export function mergeDestinationRules(
  rules: readonly DestinationRule[],
  caller: PolicyCaller,
): MergedDestinationRule | undefined {
  const selecting = rules.filter(({ spec }) => spec.workloadSelector !== undefined && selects(spec, caller));
  const silent = rules.filter(({ spec }) => spec.workloadSelector === undefined);
  const sources = [...selecting, ...silent];
  if (sources.length === 0) return undefined;
  const subsets = new Map<string, SubsetRule>();
  const subsetPolicies = new Map<string, PlacedPolicy>();
  let policy: PlacedPolicy | undefined;
  for (const rule of sources) {
    const { spec } = rule;
    const place = new ResourcePlace(rule, ['spec']);
    if (spec.trafficPolicy !== undefined) {
      policy ??= { spec: spec.trafficPolicy, place: place.at('trafficPolicy') };
    }
    for (const [index, { name, labels = {}, trafficPolicy }] of (spec.subsets ?? []).entries()) {
      if (subsets.has(name)) continue;
      const at = place.at('subsets', index);
      subsets.set(name, { name, labels, origin: at.origin() });
      if (trafficPolicy !== undefined) {
        subsetPolicies.set(name, { spec: trafficPolicy, place: at.at('trafficPolicy') });
      }
    }
  }
  return { sources, policy, subsets, subsetPolicies };
}

function selects({ workloadSelector }: DestinationRule['spec'], { labels }: PolicyCaller): boolean {
  return Object.entries(workloadSelector?.matchLabels ?? {}).every(
    ([name, value]) => Object.hasOwn(labels, name) && labels[name] === value,
  );
}
