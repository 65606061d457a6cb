import { groupProblem } from '../../patterns/text-pattern.js';
import { atMostOne, type Finder, given } from '../finder.js';
import type { VirtualService } from '../resource.js';
import { checkPattern } from './string-match.js';

/** What each rule makes of path and authority. */
export function checkRewrites({ spec }: VirtualService, find: Finder): void {
  for (const [index, { rewrite }] of (spec.http ?? []).entries()) {
    if (rewrite === undefined) continue;
    const path = ['spec', 'http', index, 'rewrite'];
    atMostOne(find, path, rewrite, 'uri', 'uriRegexRewrite');
    if (given(rewrite, 'uri', 'authority', 'uriRegexRewrite').length === 0) {
      find.error(path, 'the rewrite changes nothing', 'write uri or authority, or take it out');
    }
    if (rewrite.uri !== undefined && !rewrite.uri.startsWith('/')) {
      find.error([...path, 'uri'], `${JSON.stringify(rewrite.uri)} is no path`, 'begin it with /');
    }
    const pattern = rewrite.uriRegexRewrite;
    if (pattern === undefined) continue;
    const at = [...path, 'uriRegexRewrite'];
    if (pattern.match === undefined) find.error(at, 'match is missing', 'write the pattern that is replaced');
    else if (checkPattern(pattern.match, [...at, 'match'], find)) {
      const problem = groupProblem(pattern.match, pattern.rewrite ?? '');
      if (problem !== undefined) {
        find.error([...at, 'rewrite'], problem, 'write \\1 for the first group, \\0 for the whole match');
      }
    }
    if (pattern.rewrite === undefined)
      find.error(at, 'rewrite is missing', 'write what the match is replaced by');
  }
}
