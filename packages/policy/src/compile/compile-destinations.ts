import type { ResourcePlace } from '../origin/resource-place.js';
import { authorityOf, compileHeaderEdits } from '../route/header-edits.js';
import { type RouteDestination, WeightedDestinations } from '../route/weighted-destinations.js';
import type { HttpRouteDestination } from '../schema/virtual-service/http-route.js';
import { compileTarget } from './compile-target.js';

/**
 * The destinations of a rule and their shares: weight / sum of the weights; a single one gets all, of several one with weight 0, or none,
 * gets nothing.
 *
 * @param name - parts keys: see {@link WeightedDestinations}.
 */
export function compileDestinations(
  route: readonly HttpRouteDestination[],
  place: ResourcePlace,
  name: string,
): WeightedDestinations | undefined {
  const sum = route.reduce((total, { weight = 0 }) => total + weight, 0);
  const [first, ...others] = route.map((each, index): RouteDestination => {
    const { destination, weight = 0, headers } = each;
    const ratio = route.length === 1 ? 1 : sum === 0 ? 0 : weight / sum;
    return {
      ...compileTarget(destination, place.at(index, 'destination')),
      weight,
      ratio,
      request: compileHeaderEdits(headers?.request),
      response: compileHeaderEdits(headers?.response),
      authority: authorityOf(headers?.request),
    };
  });
  return first === undefined ? undefined : new WeightedDestinations([first, ...others], name);
}
