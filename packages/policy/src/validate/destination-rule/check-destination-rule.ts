import { checkHost } from '../check-host.js';
import type { Finder } from '../finder.js';
import type { DestinationRule } from '../resource.js';
import { checkTrafficPolicy } from './traffic-policy.js';

/** All that can be said of a DestinationRule by itself. */
export function checkDestinationRule({ spec, namespace }: DestinationRule, find: Finder): void {
  checkHost(spec.host, namespace, ['spec', 'host'], find);
  const { trafficPolicy, subsets = [] } = spec;
  if (trafficPolicy === undefined && spec.subsets === undefined) {
    find.warning(['spec'], 'the resource says nothing of its host', 'write trafficPolicy or subsets');
  }
  if (trafficPolicy !== undefined)
    checkTrafficPolicy(trafficPolicy, undefined, ['spec', 'trafficPolicy'], find);
  const names = new Set<string>();
  for (const [index, subset] of subsets.entries()) {
    const path = ['spec', 'subsets', index];
    if (names.has(subset.name)) {
      find.error([...path, 'name'], `the subset ${subset.name} is there twice`, 'keep one of them');
    }
    names.add(subset.name);
    if (Object.keys(subset.labels ?? {}).length === 0) {
      find.warning(
        path,
        `the subset ${subset.name} has no labels: it is all nodes`,
        'write labels: { version: v1 }',
      );
    }
    if (subset.trafficPolicy !== undefined) {
      checkTrafficPolicy(subset.trafficPolicy, trafficPolicy, [...path, 'trafficPolicy'], find);
    }
  }
}
