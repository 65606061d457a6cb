import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpMatchRequest } from '../../schema/virtual-service/match.js';
import type { StringMatch } from '../../schema/virtual-service/string-match.js';
import { documentOf } from '../../testing/example-resource.js';
import { validate } from '../validate.js';
import { covers } from './unreachable.js';

const TEXTS = ['/a.A/', '/a.A/b', '/A.a/', '/a.A/bc', '/', 'a'];
const text = fc.constantFrom(...TEXTS);
const stringMatch: fc.Arbitrary<StringMatch> = fc.oneof(
  text.map((exact) => ({ exact })),
  text.map((prefix) => ({ prefix })),
  fc.constant({ regex: '/a.*' }),
);
const headerMatch = fc.oneof(
  stringMatch,
  fc.constant<StringMatch>({}),
  fc.constant<StringMatch>({ regex: '*' }),
);
const match: fc.Arbitrary<HttpMatchRequest> = fc.record(
  {
    uri: stringMatch,
    ignoreUriCase: fc.boolean(),
    authority: stringMatch,
    headers: fc.dictionary(fc.constantFrom('x', 'y'), headerMatch, { maxKeys: 2, noNullPrototype: true }),
    withoutHeaders: fc.dictionary(fc.constantFrom('x', 'y'), headerMatch, {
      maxKeys: 2,
      noNullPrototype: true,
    }),
    port: fc.constantFrom(1, 2),
    sourceLabels: fc.dictionary(fc.constantFrom('l', 'm'), fc.constantFrom('1', '2'), {
      noNullPrototype: true,
    }),
  },
  { requiredKeys: [] },
);
interface Call {
  readonly uri: string;
  readonly authority: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
}
const call: fc.Arbitrary<Call> = fc.record({
  // A path begins with a slash.
  uri: fc.constantFrom(...TEXTS.filter((each) => each.startsWith('/'))),
  authority: text,
  headers: fc.dictionary(fc.constantFrom('x', 'y'), fc.oneof(text, fc.constant('')), {
    noNullPrototype: true,
  }),
  port: fc.constantFrom(1, 2),
  labels: fc.dictionary(fc.constantFrom('l', 'm'), fc.constantFrom('1', '2'), { noNullPrototype: true }),
});

/** What a match means, said as plainly as it can be. */
function takes(rule: HttpMatchRequest, { uri, authority, headers, port, labels }: Call): boolean {
  const fold = (value: string) => (rule.ignoreUriCase === true ? value.toLowerCase() : value);
  const folded = rule.uri?.regex === undefined && rule.uri !== undefined ? mapText(rule.uri, fold) : rule.uri;
  return (
    agrees(folded, rule.uri?.regex === undefined ? fold(uri) : uri) &&
    agrees(rule.authority, authority) &&
    (rule.port === undefined || rule.port === port) &&
    Object.entries(rule.sourceLabels ?? {}).every(([name, value]) => labels[name] === value) &&
    Object.entries(rule.headers ?? {}).every(([name, each]) => hasHeader(each, headers[name])) &&
    Object.entries(rule.withoutHeaders ?? {}).every(([name, each]) => !hasWithout(each, headers[name]))
  );
}

function mapText({ exact, prefix }: StringMatch, change: (value: string) => string): StringMatch {
  return exact === undefined ? { prefix: change(prefix ?? '') } : { exact: change(exact) };
}

function agrees(rule: StringMatch | undefined, value: string): boolean {
  if (rule === undefined) return true;
  if (rule.exact !== undefined) return rule.exact === value;
  if (rule.prefix !== undefined) return value.startsWith(rule.prefix);
  return rule.regex === undefined || rule.regex === '*' || new RegExp(`^(?:${rule.regex})$`).test(value);
}

function isPresence(rule: StringMatch): boolean {
  return (
    rule.exact === undefined && rule.prefix === undefined && (rule.regex === undefined || rule.regex === '*')
  );
}

function hasHeader(rule: StringMatch, value: string | undefined): boolean {
  return value !== undefined && agrees(rule, value);
}

function hasWithout(rule: StringMatch, value: string | undefined): boolean {
  return isPresence(rule) ? value !== undefined : agrees(rule, value ?? '');
}

describe('a match that covers another', () => {
  it('takes every call that the other takes', () => {
    let covered = 0;
    // What says more than another is covered more often than two that have nothing to do with each other.
    const pairs = fc.oneof(
      fc.tuple(match, match),
      fc.tuple(match, match).map(([outer, more]) => [outer, { ...outer, ...more }] as const),
      fc.tuple(match, match).map(([outer, more]) => [outer, { ...more, ...outer }] as const),
    );
    fc.assert(
      fc.property(pairs, fc.array(call, { minLength: 10, maxLength: 10 }), ([outer, inner], calls) => {
        if (!covers(outer, inner)) return;
        covered++;
        for (const each of calls) if (takes(inner, each)) expect(takes(outer, each)).toBe(true);
      }),
      { numRuns: 1500 },
    );
    expect(covered).toBeGreaterThan(100);
  });

  it('covers itself, and everything where it says nothing', () => {
    fc.assert(
      fc.property(match, (one) => {
        expect(covers(one, one)).toBe(true);
        expect(covers({}, one)).toBe(true);
        expect(covers({ uri: { prefix: '/' } }, one)).toBe(true);
      }),
    );
  });
});

describe('a resource of very many rules', () => {
  it('is looked at in time', () => {
    const http = Array.from({ length: 2000 }, (_, index) => ({
      match: [{ uri: { exact: `/a.A/b${index}` } }, { headers: { x: { exact: `${index}` } } }],
      route: [{ destination: { host: 'hello' } }],
    }));
    const started = performance.now();
    const { problems } = validate([documentOf('VirtualService', { hosts: ['hello'], http }, 'file')]);
    expect(problems).toEqual([]);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
