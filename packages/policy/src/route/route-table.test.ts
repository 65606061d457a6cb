import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callOf, helloRules, helloTable, policySet, virtualService } from '../testing/policies.js';
import { explainRoute } from './explain-route.js';
import type { RouteRequest } from './route-request.js';
import type { RouteTable } from './route-table.js';

const TO = 'route: [{ destination: { host: hello } }]';

function found(table: RouteTable, request: RouteRequest): string {
  const match = table.find(request);
  return match.kind === 'rule' ? match.rule.name : match.kind;
}

function withMatch(match: string): RouteTable {
  return helloTable(helloRules(`{ name: yes, match: [${match}], ${TO} }`));
}

describe('a match', () => {
  it.each<[string, RouteRequest, boolean]>([
    ['{ uri: { exact: /hello.v1.Hello/Anything } }', callOf(), true],
    ['{ uri: { exact: /hello.v1.Hello/anything } }', callOf(), false],
    ['{ uri: { exact: /hello.v1.Hello/anything }, ignoreUriCase: true }', callOf(), true],
    ['{ uri: { prefix: /HELLO. }, ignoreUriCase: true }', callOf(), true],
    ['{ uri: { prefix: /hello.v1. } }', callOf(), true],
    ['{ uri: { prefix: /hello.v2. } }', callOf(), false],
    ['{ uri: { regex: "/hello.*" } }', callOf(), true],
    ['{ uri: { regex: "hello" } }', callOf(), false],
    ['{ authority: { exact: hello } }', callOf(), true],
    ['{ authority: { prefix: other } }', callOf(), false],
    ['{ method: { exact: POST } }', callOf(), true],
    ['{ scheme: { exact: https } }', callOf(), false],
    ['{ port: 80 }', callOf({ port: 80 }), true],
    ['{ port: 80 }', callOf({ port: 81 }), false],
    ['{ port: 80 }', callOf(), false],
    ['{ headers: { x-a: { exact: b } } }', callOf({ headers: { 'x-a': 'b' } }), true],
    ['{ headers: { x-a: { exact: b } } }', callOf({ headers: { 'x-a': 'c' } }), false],
    ['{ headers: { x-a: { exact: b } } }', callOf(), false],
    ['{ headers: { x-a: { prefix: b } } }', callOf({ headers: { 'x-a': 'bc' } }), true],
    ['{ headers: { x-a: { regex: "b+" } } }', callOf({ headers: { 'x-a': 'bbc' } }), false],
    ['{ headers: { x-a: {} } }', callOf({ headers: { 'x-a': '' } }), true],
    ['{ headers: { x-a: {} } }', callOf(), false],
    ['{ headers: { x-a: { regex: "*" } } }', callOf({ headers: { 'x-a': 'any' } }), true],
    ['{ headers: { x-a: {}, x-b: {} } }', callOf({ headers: { 'x-a': '1' } }), false],
    ['{ withoutHeaders: { x-a: {} } }', callOf(), true],
    ['{ withoutHeaders: { x-a: {} } }', callOf({ headers: { 'x-a': '' } }), false],
    ['{ withoutHeaders: { x-a: { exact: b } } }', callOf({ headers: { 'x-a': 'b' } }), false],
    ['{ withoutHeaders: { x-a: { exact: b } } }', callOf({ headers: { 'x-a': 'c' } }), true],
    ['{ withoutHeaders: { x-a: { exact: b } } }', callOf(), true],
    ['{ withoutHeaders: { x-a: { exact: "" } } }', callOf(), false],
    // A header that is missing counts as empty, and the pattern takes the empty text.
    ['{ withoutHeaders: { x-a: { regex: ".*" } } }', callOf(), false],
    ['{ queryParams: { q: { exact: "1" } } }', callOf({ query: 'q=1&r=2' }), true],
    ['{ queryParams: { q: {} } }', callOf({ query: 'r=2' }), false],
    ['{ queryParams: { q: {} } }', callOf(), false],
  ])('%s', (match, request, matches) => {
    expect(found(withMatch(match), request) === 'yes').toBe(matches);
  });

  it('is one of several of which one is enough', () => {
    const table = withMatch('{ headers: { x-a: {} } }, { name: second, headers: { x-b: {} } }');
    const match = table.find(callOf({ headers: { 'x-b': '1' } }));
    expect(match).toMatchObject({ kind: 'rule', match: { index: 1, name: 'second' } });
  });

  it('of source labels and namespace counts for callers that have them', () => {
    const text = helloRules(
      `{ name: labels, match: [{ sourceLabels: { app: user, zone: a } }], ${TO} }`,
      `{ name: namespace, match: [{ sourceNamespace: shop }], ${TO} }`,
      `{ name: default, match: [{ sourceNamespace: default }], ${TO} }`,
    );
    const at = (labels: Readonly<Record<string, string>>, namespace?: string) =>
      found(helloTable(text, { labels, namespace }), callOf());
    expect(at({ app: 'user', zone: 'a', more: 'x' })).toBe('labels');
    expect(at({ app: 'user', zone: 'b' }, 'shop')).toBe('namespace');
    expect(at({ app: 'user' })).toBe('default');
    expect(at({}, 'other')).toBe('unrouted');
    // A label of that name is none that every object has.
    expect(at({}, 'constructor')).toBe('unrouted');
  });

  it('of gateways counts where the VirtualService is bound to them', () => {
    const text = virtualService('hello', 'hosts: [hello], gateways: [mesh, http]'.replace(', ', '\n  '), [
      `{ name: at-gateway, match: [{ gateways: [http] }], ${TO} }`,
      `{ name: anywhere, ${TO} }`,
    ]);
    const set = policySet(text);
    const at = (gateway?: string) => {
      const table = set.of({ name: 'hello' }, gateway)?.routes;
      return table === undefined ? undefined : found(table, callOf());
    };
    expect(at()).toBe('anywhere');
    expect(at('http')).toBe('at-gateway');
    expect(at('other')).toBeUndefined();
  });
});

describe('a table of rules', () => {
  const TABLE = helloTable(
    helloRules(
      `{ name: method, match: [{ uri: { exact: /hello.v1.Hello/One } }], ${TO} }`,
      `{ name: testers, match: [{ headers: { x-group: { exact: testers } } }], ${TO} }`,
      `{ name: port, match: [{ port: 80 }], ${TO} }`,
    ),
  );

  it('gives the first rule that matches', () => {
    const headers = { 'x-group': 'testers' };
    expect(found(TABLE, callOf({ path: '/hello.v1.Hello/One', headers }))).toBe('method');
    expect(found(TABLE, callOf({ headers, port: 80 }))).toBe('testers');
    expect(found(TABLE, callOf({ port: 80 }))).toBe('port');
  });

  it('gives none where rules are for the caller and no one matches: UNIMPLEMENTED, as the 404 of Envoy', () => {
    expect(found(TABLE, callOf())).toBe('none');
  });

  it('lets a call through where no rule is for its port, as in Istio', () => {
    const table = helloTable(helloRules(`{ match: [{ port: 80, headers: { x-a: {} } }], ${TO} }`));
    expect(found(table, callOf({ port: 81 }))).toBe('unrouted');
    expect(found(table, callOf())).toBe('unrouted');
    expect(found(table, callOf({ port: 80 }))).toBe('none');
  });

  it('reads a header once a call, and none that no rule needs', () => {
    const table = helloTable(
      helloRules(
        `{ match: [{ headers: { x-a: { exact: one } } }], ${TO} }`,
        `{ match: [{ headers: { x-a: { exact: two } } }], ${TO} }`,
        `{ match: [{ headers: { x-b: {} }, uri: { prefix: /other } }], ${TO} }`,
        `{ ${TO} }`,
        `{ match: [{ headers: { x-c: {} } }], ${TO} }`,
      ),
    );
    const read: string[] = [];
    const request: RouteRequest = {
      ...callOf(),
      header: (name) => {
        read.push(name);
        return undefined;
      },
    };
    expect(found(table, request)).toBe('http[3]');
    expect(read).toEqual(['x-a']);
  });

  it('gives the same object for the same match', () => {
    expect(TABLE.find(callOf({ port: 80 }))).toBe(TABLE.find(callOf({ port: 80 })));
  });

  it('decides rightly for more paths than it keeps', () => {
    const table = helloTable(helloRules(`{ name: even, match: [{ uri: { regex: ".*[02468]" } }], ${TO} }`));
    for (let round = 0; round < 2; round++) {
      for (let at = 0; at < 3000; at++) {
        expect(found(table, callOf({ path: `/a/${at}` }))).toBe(at % 2 === 0 ? 'even' : 'none');
      }
    }
  });
});

describe('an explanation', () => {
  it('says of each rule whether it matches, and the first condition that does not hold', () => {
    const table = helloTable(
      helloRules(
        `{ name: a, match: [{ uri: { prefix: /other } }, { headers: { x-user: { prefix: a } } }], ${TO} }`,
        `{ name: b, match: [{ withoutHeaders: { x-user: {} } }], ${TO} }`,
        `{ name: c, match: [{ sourceLabels: { app: shop } }], ${TO} }`,
        `{ name: d, match: [{ headers: { x-no: { exact: b } } }], ${TO} }`,
        `{ name: e, ${TO} }`,
        `{ name: f, match: [{ port: 80 }], ${TO} }`,
      ),
    );
    const { found: match, rules } = explainRoute(table, callOf({ headers: { 'x-user': 'b' }, port: 80 }));
    expect(match).toMatchObject({ kind: 'rule', rule: { name: 'e' } });
    expect(rules.map(({ rule, verdict }) => `${rule.name} ${verdict}`)).toEqual([
      'a failed',
      'b failed',
      'c failed',
      'd failed',
      'e taken',
      'f later',
    ]);
    expect(rules.map(({ matches }) => matches.map(({ failure }) => failure))).toEqual([
      ['uri is "/hello.v1.Hello/Anything", wants prefix "/other"', 'header x-user is "b", wants prefix "a"'],
      ['header x-user is "b", wants none'],
      ['source label app is not there, wants "shop"'],
      ['header x-no is not there, wants "b"'],
      [undefined],
      [undefined],
    ]);
  });

  it('agrees with find, whatever the rules and the call', () => {
    const word = fc.constantFrom('a', 'ab', 'b');
    const text = fc.oneof(
      word.map((each) => `{ exact: ${each} }`),
      word.map((each) => `{ prefix: ${each} }`),
      word.map((each) => `{ regex: "${each}.*" }`),
      fc.constant('{}'),
    );
    const field = fc.oneof(
      fc.tuple(fc.constantFrom('x-a', 'x-b'), text).map(([name, match]) => `headers: { ${name}: ${match} }`),
      fc
        .tuple(fc.constantFrom('x-a', 'x-b'), text)
        .map(([name, match]) => `withoutHeaders: { ${name}: ${match} }`),
      word.map((each) => `uri: { prefix: /${each} }`),
      fc.constantFrom('port: 80', 'port: 81', 'sourceLabels: { app: a }', 'authority: { exact: hello }'),
    );
    const block = fc
      .uniqueArray(field, { maxLength: 3, selector: (each) => each.split(':', 1)[0] })
      .map((fields) => `{ ${fields.join(', ')} }`);
    const rule = fc
      .array(block, { minLength: 1, maxLength: 3 })
      .map((each) => `{ match: [${each.join(', ')}], ${TO} }`);
    const call = fc.record({
      path: word.map((each) => `/${each}/Method`),
      port: fc.constantFrom(undefined, 80, 81),
      authority: fc.constantFrom('hello', 'other'),
      headers: fc.dictionary(fc.constantFrom('x-a', 'x-b'), fc.constantFrom('', 'a', 'ab', 'b')),
    });
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 5 }),
        fc.array(call, { maxLength: 8 }),
        (rules, calls) => {
          const table = helloTable(helloRules(...rules), { labels: { app: 'a' } });
          for (const given of calls) {
            const { found: match, rules: explained } = explainRoute(table, callOf(given));
            const first = explained.flatMap(({ rule, matches }) =>
              matches
                .filter(({ failure }) => failure === undefined)
                .map(({ match: block }) => ({ rule, block })),
            )[0];
            if (match.kind === 'rule') expect(first).toEqual({ rule: match.rule, block: match.match });
            else expect(first).toBeUndefined();
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('rules that each want another text, or another pattern, of one header', () => {
  const header = fc.constantFrom('x-a', 'x-b');
  const text = fc.constantFrom('', 'a', 'b', 'c', 'd', 'bb', 'A');
  const condition = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(
        fc.constant('headers'),
        header,
        text.map((exact) => ({ exact })),
      ),
    },
    {
      weight: 6,
      arbitrary: fc.tuple(
        fc.constant('headers'),
        header,
        // The last one is none that native code takes as RE2 does: it is tried alone.
        fc.constantFrom('a', 'b', 'a|c', '[b-d]', 'ab?', 'b+', '(?i)A').map((regex) => ({ regex })),
      ),
    },
    fc.tuple(
      fc.constantFrom('headers', 'withoutHeaders'),
      header,
      fc.constantFrom<object>({}, { prefix: 'a' }, { exact: 'b' }),
    ),
  );
  const match = fc.array(condition, { minLength: 1, maxLength: 3 }).map((conditions) => {
    const fields: Record<string, Record<string, object>> = {};
    for (const [field, name, test] of conditions) fields[field] = { ...fields[field], [name]: test };
    return fields;
  });
  const headers = fc.record({ 'x-a': text, 'x-b': text }, { requiredKeys: [] });

  it.each([
    { rules: 'a few', minLength: 0, maxLength: 10, numRuns: 300 },
    // So that there are several parts, and parts of parts.
    { rules: 'many', minLength: 35, maxLength: 90, numRuns: 40 },
  ])(
    'are looked up, or tried together, and the first of $rules that takes a call is the same as one by one',
    ({ minLength, maxLength, numRuns }) => {
      fc.assert(
        fc.property(
          fc.array(match, { minLength, maxLength }),
          fc.array(headers, { maxLength: 8 }),
          (matches, calls) => {
            const rules = matches.map(
              (each, index) => `{ name: r${index}, match: [${JSON.stringify(each)}], ${TO} }`,
            );
            const table = helloTable(helloRules(...rules, `{ name: last, ${TO} }`));
            for (const each of calls) {
              const request = callOf({ headers: each });
              const first = table.rules.find(({ matches: blocks }) =>
                blocks.some(({ conditions }) =>
                  conditions.every(({ subject, holds }) => holds(request.header(subject.name))),
                ),
              );
              expect(found(table, request)).toBe(first?.name);
            }
          },
        ),
        { numRuns },
      );
    },
  );
});
