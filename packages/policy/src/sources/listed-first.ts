import { problemAt } from '../document/resource-document.js';
import { readHost } from '../hosts/read-host.js';
import type { Problem } from '../problem.js';
import type { Resource } from '../validate/resource.js';
import type { GoodPolicies } from './policy-source.js';

/** What several places say together. */
export interface FirstWords {
  readonly resources: readonly Resource[];
  /** A warning for each that does not count. */
  readonly problems: readonly Problem[];
}

/**
 * Joins the words of several places: where two say something of one thing, by its kind, namespace and name, or by the host of a
 * VirtualService, the place that is listed first counts. So all processes that list the same places agree, whichever spoke first.
 */
export function listedFirst(words: readonly GoodPolicies[]): FirstWords {
  const resources: Resource[] = [];
  const problems: Problem[] = [];
  const known = new Map<string, Resource>();
  for (const word of words) {
    const own: [string, Resource][] = [];
    for (const resource of word.resources) {
      const keys = keysOf(resource);
      const first = keys.map((key) => known.get(key)).find((each) => each !== undefined);
      if (first === undefined) {
        resources.push(resource);
        for (const key of keys) own.push([key, resource]);
      } else problems.push(overruled(resource, first));
    }
    // Two of one place are for validation to judge.
    for (const [key, resource] of own) known.set(key, resource);
  }
  return { resources, problems };
}

function keysOf(resource: Resource): readonly string[] {
  const { kind, namespace = 'default', name, annotations } = resource;
  const key = `${kind}/${namespace}/${name}`;
  if (resource.kind !== 'VirtualService') return [key];
  const { spec } = resource;
  const layer = annotations.dryRun === true ? 'dry-run' : 'in force';
  const { gateways = ['mesh'] } = spec;
  const hosts = (spec.hosts ?? []).flatMap((host) => {
    const read = readHost(host, namespace);
    const name = read.kind === 'service' ? JSON.stringify(read.pattern) : host.toLowerCase();
    return gateways.map((gateway) => `${layer} ${gateway} ${name}`);
  });
  return [key, ...hosts];
}

function overruled({ document, kind, name }: Resource, first: Resource): Problem {
  const { file } = first.document;
  return problemAt(document, {
    severity: 'warning',
    path: ['metadata', 'name'],
    message: `the ${kind} ${name} does not count: ${first.name} in ${file} is of a place that is listed first`,
    fix: 'keep one of them, or list the places the other way round',
  });
}
