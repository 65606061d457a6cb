import type { ResourcePlace } from '../origin/resource-place.js';
import type { Mirror } from '../route/mirror.js';
import type { Destination } from '../schema/virtual-service/destination.js';
import { type Percent, percentRatio } from '../schema/virtual-service/percent.js';
import { compileTarget } from './compile-target.js';
import type { MergedRule } from './merged-rule.js';

/** The mirrors of a rule; a percentage that is silent is all, one of 0 takes the mirror out. */
export function compileMirrors(rule: MergedRule): readonly Mirror[] {
  const { mirror, mirrorPercentage, mirrors = [] } = rule.fields;
  const all: Mirror[] = [];
  if (mirror !== undefined) {
    all.push(
      compileMirror(mirror, rule.placeOf('mirror'), mirrorPercentage, rule.placeOf('mirrorPercentage')),
    );
  }
  for (const [index, { destination, percentage }] of mirrors.entries()) {
    const place = rule.placeOf('mirrors').at(index);
    all.push(compileMirror(destination, place.at('destination'), percentage, place.at('percentage')));
  }
  return all.filter(({ ratio }) => ratio.value > 0);
}

function compileMirror(
  destination: Destination,
  place: ResourcePlace,
  percentage: Percent | undefined,
  percentagePlace: ResourcePlace,
): Mirror {
  return {
    target: compileTarget(destination, place),
    ratio: {
      value: percentage === undefined ? 1 : percentRatio(percentage),
      origin: percentagePlace.origin(percentage === undefined),
    },
  };
}
