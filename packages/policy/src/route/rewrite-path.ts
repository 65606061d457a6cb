import { compileRewrite } from '../patterns/text-pattern.js';
import type { HttpMatchRequest } from '../schema/virtual-service/match.js';
import type { HttpRewrite } from '../schema/virtual-service/rewrite.js';

/** Istio gives a match without a uri the prefix `/`. */
const ANY_PATH = '/';

/**
 * What a rewrite makes of the path of a call that a match took. As Envoy has it, the prefix that matched is replaced, else the whole path.
 *
 * @param match - undefined: the rule has no match.
 * @returns undefined where the path stays.
 */
export function compilePathRewrite(
  rewrite: HttpRewrite | undefined,
  match: HttpMatchRequest | undefined,
): ((path: string) => string) | undefined {
  if (rewrite === undefined) return undefined;
  const { uri, uriRegexRewrite } = rewrite;
  if (uriRegexRewrite?.match !== undefined) {
    return compileRewrite(uriRegexRewrite.match, uriRegexRewrite.rewrite ?? '');
  }
  if (uri === undefined) return undefined;
  const prefix = match?.uri === undefined ? ANY_PATH : match.uri.prefix;
  return prefix === undefined ? () => uri : (path) => uri + path.slice(prefix.length);
}
