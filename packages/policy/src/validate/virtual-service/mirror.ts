import { atMostOne, type Finder } from '../finder.js';
import type { VirtualService } from '../resource.js';
import { checkPrecision } from './fault.js';

/** The mirrors of each rule. */
export function checkMirrors({ spec }: VirtualService, find: Finder): void {
  for (const [index, rule] of (spec.http ?? []).entries()) {
    const path = ['spec', 'http', index];
    atMostOne(find, path, rule, 'mirror', 'mirrors');
    const { mirror, mirrorPercentage, mirrors = [] } = rule;
    if (mirrorPercentage !== undefined) {
      if (mirror === undefined && !find.isUncertain([...path, 'mirror'])) {
        find.warning(
          [...path, 'mirrorPercentage'],
          'mirrorPercentage is of mirror, and there is none',
          'write mirror, or percentage in each of mirrors',
        );
      }
      checkPrecision(mirrorPercentage, [...path, 'mirrorPercentage', 'value'], find);
    }
    for (const [at, { percentage }] of mirrors.entries()) {
      if (percentage !== undefined)
        checkPrecision(percentage, [...path, 'mirrors', at, 'percentage', 'value'], find);
    }
  }
}
