import type { Resource } from '@micromesh/policy';

/** Fields of a rule that calls do not follow yet. To go, one by one. */
const RULE_FIELDS = ['fault', 'mirror', 'mirrors', 'headers', 'rewrite'] as const;

/** What calls do not follow yet of these policies, by resource and path: it is said, never silent. */
export function notFollowed(resources: readonly Resource[]): readonly string[] {
  return resources.flatMap((resource) => {
    const title = `${resource.kind} ${resource.name}`;
    return pathsOf(resource).map((path) => (path === '' ? title : `${title} ${path}`));
  });
}

function pathsOf(resource: Resource): readonly string[] {
  switch (resource.kind) {
    case 'VirtualService':
      return (resource.spec.http ?? []).flatMap((rule, index) =>
        RULE_FIELDS.filter((field) => rule[field] !== undefined).map(
          (field) => `spec.http[${index}].${field}`,
        ),
      );
    case 'DestinationRule': {
      const { trafficPolicy, subsets = [] } = resource.spec;
      const own = trafficPolicy === undefined ? [] : ['spec.trafficPolicy'];
      const ofSubsets = subsets.flatMap(({ trafficPolicy }, index) =>
        trafficPolicy === undefined ? [] : [`spec.subsets[${index}].trafficPolicy`],
      );
      return [...own, ...ofSubsets];
    }
    default:
      return [''];
  }
}
