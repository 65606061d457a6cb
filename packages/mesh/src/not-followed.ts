import type { Resource } from '@micromesh/policy';

type VirtualService = Extract<Resource, { readonly kind: 'VirtualService' }>;
type Rule = NonNullable<VirtualService['spec']['http']>[number];

/** Fields of a rule that calls do not follow yet. To go, one by one. */
const RULE_FIELDS = ['fault', 'mirror', 'mirrors', 'headers', 'rewrite'] as const;
const RETRY_FIELDS = ['retryIgnorePreviousHosts', 'retryRemoteLocalities'] as const;
const ANNOTATIONS = [
  ['hedge', 'micromesh.io/hedge'],
  ['adaptiveAttemptTimeout', 'micromesh.io/adaptive-attempt-timeout'],
  ['dryRun', 'micromesh.io/dry-run'],
] as const;

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
    case 'VirtualService':
      return [...notes, ...(resource.spec.http ?? []).flatMap(pathsOfRule)];
    case 'DestinationRule': {
      const { trafficPolicy, subsets = [] } = resource.spec;
      const own = trafficPolicy === undefined ? [] : ['spec.trafficPolicy'];
      const ofSubsets = subsets.flatMap(({ trafficPolicy }, index) =>
        trafficPolicy === undefined ? [] : [`spec.subsets[${index}].trafficPolicy`],
      );
      return [...notes, ...own, ...ofSubsets];
    }
    default:
      return notes;
  }
}

function pathsOfRule(rule: Rule, index: number): readonly string[] {
  const at = `spec.http[${index}]`;
  const { retries = {}, route = [] } = rule;
  return [
    ...RULE_FIELDS.filter((field) => rule[field] !== undefined).map((field) => `${at}.${field}`),
    ...RETRY_FIELDS.filter((field) => retries[field] !== undefined).map((field) => `${at}.retries.${field}`),
    ...route.flatMap(({ headers }, place) =>
      headers === undefined ? [] : [`${at}.route[${place}].headers`],
    ),
  ];
}
