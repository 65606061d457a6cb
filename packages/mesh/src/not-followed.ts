import type { Resource } from '@micromesh/policy';

type TrafficPolicy = NonNullable<
  Extract<Resource, { readonly kind: 'DestinationRule' }>['spec']['trafficPolicy']
>;

/** What calls do not follow yet, to go, one by one: blocks of a traffic policy, and of one for a port; a retry budget is in no block for a port. */
const PORT_BLOCKS = ['connectionPool', 'outlierDetection', 'tls'] as const;
const BLOCKS = [...PORT_BLOCKS, 'retryBudget'] as const;
const ANNOTATIONS = [['dryRun', 'micromesh.io/dry-run']] as const;

/** What calls do not follow yet of these policies, by resource and path: it is said, never silent. */
export function notFollowed(resources: readonly Resource[]): readonly string[] {
  return resources.flatMap((resource) => {
    const title = `${resource.kind} ${resource.name}`;
    return pathsOf(resource).map((path) => `${title} ${path}`);
  });
}

function pathsOf(resource: Resource): readonly string[] {
  const annotations = ANNOTATIONS.filter(([name]) => resource.annotations[name] !== undefined);
  const notes = annotations.map(([, written]) => `annotation ${written}`);
  switch (resource.kind) {
    case 'DestinationRule': {
      const { trafficPolicy, subsets = [] } = resource.spec;
      const ofSubsets = subsets.flatMap((subset, index) =>
        pathsOfTraffic(subset.trafficPolicy, `spec.subsets[${index}].trafficPolicy`),
      );
      return [...notes, ...pathsOfTraffic(trafficPolicy, 'spec.trafficPolicy'), ...ofSubsets];
    }
    default:
      return notes;
  }
}

function pathsOfTraffic(policy: TrafficPolicy | undefined, at: string): readonly string[] {
  if (policy === undefined) return [];
  return [
    ...BLOCKS.filter((block) => policy[block] !== undefined).map((block) => `${at}.${block}`),
    ...(policy.portLevelSettings ?? []).flatMap((settings, index) =>
      PORT_BLOCKS.filter((block) => settings[block] !== undefined).map(
        (block) => `${at}.portLevelSettings[${index}].${block}`,
      ),
    ),
  ];
}
