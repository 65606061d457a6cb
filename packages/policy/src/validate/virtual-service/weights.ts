import type { Finder } from '../finder.js';
import type { VirtualService } from '../resource.js';

/** The shares of each rule's destinations. */
export function checkWeights({ spec }: VirtualService, find: Finder): void {
  for (const [index, { route }] of (spec.http ?? []).entries()) {
    if (route === undefined) continue;
    const path = ['spec', 'http', index, 'route'];
    if (find.isUncertain(path)) continue;
    const [only] = route;
    if (route.length === 1) {
      if (only?.weight !== 0) continue;
      find.warning(
        [...path, 0, 'weight'],
        'a single destination gets all calls, whatever its weight',
        'take weight out, or name a second destination',
      );
      continue;
    }
    const sum = route.reduce((total, each) => total + (each.weight ?? 0), 0);
    if (sum === 0) {
      find.error(path, 'the weights sum to 0: no destination gets a call', 'give each destination a weight');
      continue;
    }
    for (const [at, { weight }] of route.entries()) {
      if (weight !== undefined) continue;
      find.warning(
        [...path, at],
        'the destination gets no call: without a weight beside others its weight is 0',
        'give it a weight',
      );
    }
  }
}
