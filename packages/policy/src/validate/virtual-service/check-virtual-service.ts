import type { Finder } from '../finder.js';
import type { VirtualService } from '../resource.js';
import { checkActions } from './action.js';
import { checkFaults } from './fault.js';
import { checkHeaders } from './headers.js';
import { checkHosts } from './hosts.js';
import { checkMatches } from './match.js';
import { checkMirrors } from './mirror.js';
import { checkRetries } from './retries.js';
import { checkRewrites } from './rewrite.js';
import { checkUnreachable } from './unreachable.js';
import { checkWeights } from './weights.js';

const RULES = [
  checkHosts,
  checkActions,
  checkMatches,
  checkUnreachable,
  checkWeights,
  checkRetries,
  checkFaults,
  checkMirrors,
  checkHeaders,
  checkRewrites,
];

/** All that can be said of a VirtualService by itself. */
export function checkVirtualService(resource: VirtualService, find: Finder): void {
  for (const rule of RULES) rule(resource, find);
}
