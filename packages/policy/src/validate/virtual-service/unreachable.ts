import type { HttpRoute } from '../../schema/virtual-service/http-route.js';
import type { HttpMatchRequest } from '../../schema/virtual-service/match.js';
import type { StringMatch } from '../../schema/virtual-service/string-match.js';
import type { Finder } from '../finder.js';
import type { VirtualService } from '../resource.js';

/** Pairs of matches that are compared in one resource; beyond, nothing is claimed. */
const MAX_PAIRS = 200_000;

/** Rules and matches that no call comes to, since one before takes all of theirs: only what can be proven. */
export function checkUnreachable({ spec }: VirtualService, find: Finder): void {
  const rules = spec.http ?? [];
  let pairs = 0;
  for (const [index, rule] of rules.entries()) {
    const blocks = blocksOf(rule);
    const covered: (number | undefined)[] = [];
    for (const block of blocks) {
      let by: number | undefined;
      for (let before = 0; before < index && by === undefined; before++) {
        const earlier = rules[before];
        // The calls that its delegate does not match go on to the next rule.
        if (earlier === undefined || earlier.delegate !== undefined) continue;
        if (find.isUncertain(['spec', 'http', before, 'match'])) continue;
        for (const other of blocksOf(earlier)) {
          if (++pairs > MAX_PAIRS) return;
          if (covers(other, block)) by = before;
        }
      }
      covered.push(by);
    }
    report(rule, index, covered, rules, find);
  }
}

function report(
  rule: HttpRoute,
  index: number,
  covered: readonly (number | undefined)[],
  rules: readonly HttpRoute[],
  find: Finder,
): void {
  const path = ['spec', 'http', index];
  const first = covered.find((by) => by !== undefined);
  if (first === undefined) return;
  const fix = 'put it before, make the one before narrower, or take it out';
  if (covered.every((by) => by !== undefined)) {
    find.warning(path, `no call comes to this rule: ${nameOf(rules, first)} takes all of its calls`, fix);
    return;
  }
  for (const [at, by] of covered.entries()) {
    if (by === undefined || rule.match === undefined) continue;
    find.warning(
      [...path, 'match', at],
      `no call comes to this match: ${nameOf(rules, by)} takes all of its calls`,
      fix,
    );
  }
}

function nameOf(rules: readonly HttpRoute[], index: number): string {
  const name = rules[index]?.name;
  return name === undefined ? `http[${index}]` : `http[${index}] (${name})`;
}

const EVERYTHING: HttpMatchRequest = {};

function blocksOf(rule: HttpRoute): readonly HttpMatchRequest[] {
  return rule.match ?? [EVERYTHING];
}

/** Whether every call that `inner` takes is one that `outer` takes. */
export function covers(outer: HttpMatchRequest, inner: HttpMatchRequest): boolean {
  if (outer.port !== undefined && outer.port !== inner.port) return false;
  if (outer.sourceNamespace !== undefined && outer.sourceNamespace !== inner.sourceNamespace) return false;
  if (outer.gateways !== undefined) {
    const { gateways } = inner;
    if (gateways === undefined || !gateways.every((each) => outer.gateways?.includes(each))) return false;
  }
  for (const [name, value] of Object.entries(outer.sourceLabels ?? {})) {
    if (own(inner.sourceLabels, name) !== value) return false;
  }
  const outerCase = outer.ignoreUriCase === true;
  if (outer.uri?.prefix !== '/' && !coversText(outer.uri, inner.uri, outerCase, inner.ignoreUriCase === true))
    return false;
  if (!coversText(outer.scheme, inner.scheme)) return false;
  if (!coversText(outer.method, inner.method)) return false;
  if (!coversText(outer.authority, inner.authority)) return false;
  return (
    coversAll(outer.headers, inner.headers) &&
    coversAll(outer.queryParams, inner.queryParams) &&
    // A missing header counts as empty here: only the same words are sure to leave out the same calls.
    Object.entries(outer.withoutHeaders ?? {}).every(([name, match]) => {
      const other = own(inner.withoutHeaders, name);
      return other !== undefined && same(match, other);
    })
  );
}

function coversAll(
  outer: Readonly<Record<string, StringMatch>> | undefined,
  inner: Readonly<Record<string, StringMatch>> | undefined,
): boolean {
  return Object.entries(outer ?? {}).every(([name, match]) => {
    const other = own(inner, name);
    return other !== undefined && (isPresence(match) || coversText(match, other));
  });
}

function coversText(
  outer: StringMatch | undefined,
  inner: StringMatch | undefined,
  outerAnyCase = false,
  innerAnyCase = false,
): boolean {
  if (outer === undefined) return true;
  if (inner === undefined) return false;
  if (same(outer, inner)) return outerAnyCase || !innerAnyCase;
  if (innerAnyCase && !outerAnyCase) return false;
  if (outer.prefix === undefined)
    return outer.exact !== undefined && equal(outer.exact, inner.exact, outerAnyCase);
  const beginning = inner.exact ?? inner.prefix;
  if (beginning === undefined) return false;
  return outerAnyCase
    ? beginning.toLowerCase().startsWith(outer.prefix.toLowerCase())
    : beginning.startsWith(outer.prefix);
}

function equal(a: string, b: string | undefined, anyCase: boolean): boolean {
  return b !== undefined && (anyCase ? a.toLowerCase() === b.toLowerCase() : a === b);
}

function same(a: StringMatch, b: StringMatch): boolean {
  return a.exact === b.exact && a.prefix === b.prefix && a.regex === b.regex;
}

function isPresence(match: StringMatch): boolean {
  return (
    match.exact === undefined &&
    match.prefix === undefined &&
    (match.regex === undefined || match.regex === '*')
  );
}

function own<T>(map: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;
}
