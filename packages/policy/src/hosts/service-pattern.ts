import type { ServiceKey } from '@micromesh/core';

/**
 * Which services a host means. `*`: any; a field that is absent: the local datacenter, the default namespace and partition, no peer,
 * as in a ServiceKey.
 */
export interface ServicePattern {
  readonly name: string;
  readonly datacenter?: string;
  readonly namespace?: string;
  readonly partition?: string;
  readonly peer?: string;
}

/** Stands for every value of its field. */
export const ANY = '*';

const PLACES = ['namespace', 'datacenter', 'partition', 'peer'] as const;

/** Whether the host that the pattern was made of means this service. */
export function matchesService(pattern: ServicePattern, key: ServiceKey): boolean {
  if (pattern.name !== ANY && pattern.name !== key.name) return false;
  return PLACES.every((place) => pattern[place] === ANY || sameIn(place, pattern[place], key[place]));
}

/** The service, where the pattern means exactly one. */
export function exactService(pattern: ServicePattern): ServiceKey | undefined {
  return pattern.name === ANY || PLACES.some((place) => pattern[place] === ANY) ? undefined : pattern;
}

/** Whether each service that `inner` means is one that `outer` means. */
export function coversPattern(outer: ServicePattern, inner: ServicePattern): boolean {
  if (outer.name !== ANY && outer.name !== inner.name) return false;
  return PLACES.every((place) => outer[place] === ANY || sameIn(place, outer[place], inner[place]));
}

/**
 * Orders hosts as Istio does, the most specific first: a name before any name, then the one that says more.
 *
 * @returns below 0 when `a` comes first.
 */
export function comparePatterns(a: ServicePattern, b: ServicePattern): number {
  return openness(a) - openness(b);
}

function openness(pattern: ServicePattern): number {
  const places = PLACES.filter((place) => pattern[place] === ANY).length;
  return (pattern.name === ANY ? PLACES.length + 1 : 0) + places;
}

function sameIn(place: (typeof PLACES)[number], a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  // `default` is the name of what a silent key means.
  return (place === 'namespace' || place === 'partition') && (a ?? 'default') === (b ?? 'default');
}
