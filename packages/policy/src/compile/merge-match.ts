import { isPresenceMatch } from '../route/text-test.js';
import type { HttpMatchRequest } from '../schema/virtual-service/match.js';
import type { StringMatch } from '../schema/virtual-service/string-match.js';

/*
 * How the matches of a delegate and of the rule that delegates to it become one. Source: Istio's mergeHTTPMatchRequest and hasConflict,
 * pilot/pkg/model/virtualservice.go. Other than there, source labels, source namespaces and gateways of both count (Istio forgets those
 * of the root), a header that must be there for the root may have a value for the delegate, and `withoutHeaders` of both are compared
 * with each other: what is merged takes no call that one of the two would not take.
 */

/** Both matches at once; undefined where the delegate's is no part of the root's. */
export function mergeMatch(root: HttpMatchRequest, leaf: HttpMatchRequest): HttpMatchRequest | undefined {
  if (isConflict(root, leaf)) return undefined;
  const sourceLabels = joined(root.sourceLabels, leaf.sourceLabels);
  if (sourceLabels === 'conflict') return undefined;
  if (differ(root.sourceNamespace, leaf.sourceNamespace)) return undefined;
  const gateways = common(root.gateways, leaf.gateways);
  if (gateways?.length === 0) return undefined;
  const name = [root.name, leaf.name].filter((each) => each !== undefined).join('-');
  return {
    ...root,
    ...leaf,
    ...(name === '' ? {} : { name }),
    headers: both(root.headers, leaf.headers),
    withoutHeaders: both(root.withoutHeaders, leaf.withoutHeaders),
    queryParams: both(root.queryParams, leaf.queryParams),
    sourceLabels,
    gateways,
  };
}

function isConflict(root: HttpMatchRequest, leaf: HttpMatchRequest): boolean {
  if (
    isTextConflict(root.uri, leaf.uri) ||
    isTextConflict(root.scheme, leaf.scheme) ||
    isTextConflict(root.method, leaf.method) ||
    isTextConflict(root.authority, leaf.authority)
  )
    return true;
  // Without a uri in both there is nothing that the case of one could change in the other.
  const bothHaveUri = root.uri !== undefined && leaf.uri !== undefined;
  if (bothHaveUri && (root.ignoreUriCase ?? false) !== (leaf.ignoreUriCase ?? false)) return true;
  if (differ(root.port, leaf.port)) return true;
  return (
    anyConflict(root.headers, leaf.headers, isHeaderConflict) ||
    // What must not be there: the delegate has to rule out as much.
    anyConflict(root.withoutHeaders, leaf.withoutHeaders, (outer, inner) => isTextConflict(inner, outer)) ||
    anyConflict(root.queryParams, leaf.queryParams, isHeaderConflict)
  );
}

function anyConflict(
  root: Matches,
  leaf: Matches,
  isConflictOf: (root: StringMatch, leaf: StringMatch) => boolean,
): boolean {
  return Object.entries(leaf ?? {}).some(([name, match]) => {
    const other = root !== undefined && Object.hasOwn(root, name) ? root[name] : undefined;
    return other !== undefined && isConflictOf(other, match);
  });
}

function isHeaderConflict(root: StringMatch, leaf: StringMatch): boolean {
  return !isPresenceMatch(root) && isTextConflict(root, leaf);
}

/** Whether not every text that the leaf takes is surely one that the root takes; patterns are never sure. */
function isTextConflict(root: StringMatch | undefined, leaf: StringMatch | undefined): boolean {
  if (root === undefined || leaf === undefined) return false;
  if (isPresenceMatch(root) && isPresenceMatch(leaf)) return false;
  if (root.exact !== undefined) return leaf.exact !== root.exact;
  const beginning = leaf.exact ?? leaf.prefix;
  return root.prefix === undefined || beginning === undefined || !beginning.startsWith(root.prefix);
}

type Matches = Readonly<Record<string, StringMatch>> | undefined;

function both<T>(
  root: Readonly<Record<string, T>> | undefined,
  leaf: Readonly<Record<string, T>> | undefined,
): Record<string, T> | undefined {
  return root === undefined && leaf === undefined ? undefined : { ...root, ...leaf };
}

function joined(
  root: Readonly<Record<string, string>> | undefined,
  leaf: Readonly<Record<string, string>> | undefined,
): Record<string, string> | undefined | 'conflict' {
  for (const [name, value] of Object.entries(leaf ?? {})) {
    if (root !== undefined && Object.hasOwn(root, name) && root[name] !== value) return 'conflict';
  }
  return both(root, leaf);
}

function common(
  root: readonly string[] | undefined,
  leaf: readonly string[] | undefined,
): string[] | undefined {
  if (root === undefined || leaf === undefined) return leaf?.slice() ?? root?.slice();
  return leaf.filter((each) => root.includes(each));
}

function differ<T>(root: T | undefined, leaf: T | undefined): boolean {
  return root !== undefined && leaf !== undefined && root !== leaf;
}
