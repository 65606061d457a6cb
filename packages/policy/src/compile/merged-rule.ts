import { ResourcePlace } from '../origin/resource-place.js';
import type { HttpRoute } from '../schema/virtual-service/http-route.js';
import type { HttpMatchRequest } from '../schema/virtual-service/match.js';
import type { VirtualService } from '../validate/resource.js';
import { mergeMatch } from './merge-match.js';

/** A match of a rule, and where it is written; of a merged one, where the delegate writes it. */
export interface MergedMatch {
  readonly match: HttpMatchRequest;
  readonly place: ResourcePlace;
}

/** A rule with what it takes from the rule that delegates to it. */
export interface MergedRule {
  readonly name: string;
  /** Where the rule is written that says where calls go. */
  readonly place: ResourcePlace;
  readonly service: VirtualService;
  /** The VirtualService that delegates to it; undefined: none does. */
  readonly root: VirtualService | undefined;
  /** Undefined: the rule takes every call. */
  readonly matches: readonly MergedMatch[] | undefined;
  readonly fields: HttpRoute;
  /** Where a field of `fields` is written. */
  placeOf(field: keyof HttpRoute): ResourcePlace;
}

/** A rule of a delegate that is left out, since its matches are no part of those of the rule that delegates. */
export interface DroppedRule {
  readonly place: ResourcePlace;
  readonly reason: string;
}

/** What a delegate takes from the rule that delegates to it where it is silent. Source: Istio's mergeHTTPRoute. */
const INHERITED = [
  'rewrite',
  'timeout',
  'retries',
  'fault',
  'mirror',
  'mirrorPercentage',
  'mirrors',
  'corsPolicy',
  'headers',
] as const satisfies readonly (keyof HttpRoute)[];

/** Gives a VirtualService by its namespace and name; undefined: there is none that may be delegated to. */
export type FindDelegate = (namespace: string, name: string) => VirtualService | undefined;

/**
 * The rules of a VirtualService in order, those of its delegates in their place. As in Istio, a delegate that is not there leaves out the
 * rule that names it.
 */
export function mergedRules(
  service: VirtualService,
  findDelegate: FindDelegate,
  drop: (rule: DroppedRule) => void,
): readonly MergedRule[] {
  const merged: MergedRule[] = [];
  for (const [index, rule] of (service.spec.http ?? []).entries()) {
    const own = ownRule(service, rule, index);
    if (rule.delegate === undefined) {
      merged.push(own);
      continue;
    }
    const { name = '', namespace = service.namespace ?? 'default' } = rule.delegate;
    const delegate = findDelegate(namespace, name);
    for (const [at, leaf] of (delegate?.spec.http ?? []).entries()) {
      if (delegate === undefined) continue;
      const found = mergeRule(own, ownRule(delegate, leaf, at));
      if ('reason' in found) drop(found);
      else merged.push(found);
    }
  }
  return merged;
}

function ownRule(service: VirtualService, fields: HttpRoute, index: number): MergedRule {
  const place = new ResourcePlace(service, ['spec', 'http', index]);
  return {
    name: fields.name ?? `http[${index}]`,
    place,
    service,
    root: undefined,
    matches: fields.match?.map((match, at) => ({ match, place: place.at('match', at) })),
    fields,
    placeOf: (field) => place.at(field),
  };
}

function mergeRule(root: MergedRule, leaf: MergedRule): MergedRule | DroppedRule {
  const matches = mergeMatches(root.matches, leaf.matches);
  if (matches === 'conflict') {
    return { place: leaf.place, reason: `a match of it is no part of the matches of ${root.name}` };
  }
  const fields: HttpRoute = { ...leaf.fields };
  const fromRoot = new Set<keyof HttpRoute>();
  for (const field of INHERITED) {
    if (leaf.fields[field] !== undefined || root.fields[field] === undefined) continue;
    Object.assign(fields, { [field]: root.fields[field] });
    fromRoot.add(field);
  }
  return {
    name: [root.fields.name, leaf.fields.name].filter((name) => name !== undefined).join('-') || leaf.name,
    place: leaf.place,
    service: leaf.service,
    root: root.service,
    matches,
    fields,
    placeOf: (field) => (fromRoot.has(field) ? root : leaf).placeOf(field),
  };
}

function mergeMatches(
  root: readonly MergedMatch[] | undefined,
  leaf: readonly MergedMatch[] | undefined,
): readonly MergedMatch[] | undefined | 'conflict' {
  if (root === undefined || leaf === undefined) return leaf ?? root;
  const merged: MergedMatch[] = [];
  for (const { match, place } of leaf) {
    const found = root.flatMap((each) => mergeMatch(each.match, match) ?? []);
    // One match that agrees with none takes the whole rule out, as in Istio.
    if (found.length === 0) return 'conflict';
    merged.push(...found.map((each) => ({ match: each, place })));
  }
  return merged;
}
