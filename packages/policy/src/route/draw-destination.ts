import type { Random } from '@micromesh/core';
import type { RuleChance } from './rule-chance.js';
import type { RouteDestination, WeightedDestinations } from './weighted-destinations.js';

/**
 * Draws where one call goes: by its hash key where it has one, else by chance; the annotation `seed` makes the draws repeatable.
 */
export function drawDestination(
  destinations: WeightedDestinations,
  chance: RuleChance,
  random: Random,
  hashKey?: string,
): RouteDestination {
  if (destinations.all.length === 1) return destinations.all[0];
  return hashKey === undefined
    ? destinations.at(chance.draw('destination', random))
    : destinations.of(hashKey);
}
