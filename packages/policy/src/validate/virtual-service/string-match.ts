import { readPattern } from '../../patterns/text-pattern.js';
import type { FieldPath } from '../../problem.js';
import type { StringMatch } from '../../schema/virtual-service/string-match.js';
import { atMostOne, type Finder } from '../finder.js';

/** What a field that is compared may say beside one of exact, prefix and regex. */
export interface StringMatchRule {
  /** `{}` and the pattern `*` mean that it is there. */
  readonly presence: boolean;
}

/** Looks at one comparison. */
export function checkStringMatch(
  match: StringMatch,
  path: FieldPath,
  rule: StringMatchRule,
  find: Finder,
): void {
  atMostOne(find, path, match, 'exact', 'prefix', 'regex');
  const { exact, prefix, regex } = match;
  if (exact === undefined && prefix === undefined && regex === undefined && !rule.presence) {
    find.error(path, 'the match says nothing', 'write exact, prefix or regex');
  }
  if (prefix === '')
    find.error([...path, 'prefix'], 'the prefix is empty', 'leave the match out: it takes everything');
  if (regex === '')
    find.error([...path, 'regex'], 'the pattern is empty', 'leave the match out: it takes everything');
  else if (regex !== undefined && !(rule.presence && regex === '*'))
    checkPattern(regex, [...path, 'regex'], find);
}

/** Looks at a regular expression. */
export function checkPattern(pattern: string, path: FieldPath, find: Finder): boolean {
  const read = readPattern(pattern);
  if (read.kind === 'pattern') return true;
  find.error(path, read.message, read.fix);
  return false;
}
