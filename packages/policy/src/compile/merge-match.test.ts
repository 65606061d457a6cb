import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileConditions, readSubject } from '../route/condition.js';
import type { RouteRequest } from '../route/route-request.js';
import type { HttpMatchRequest } from '../schema/virtual-service/match.js';
import { callOf } from '../testing/policies.js';
import { mergeMatch } from './merge-match.js';

describe('the matches of a root and a delegate', () => {
  /** Source: Istio's mergeHTTPMatchRequest and hasConflict, pilot/pkg/model/virtualservice.go. */
  it.each<[HttpMatchRequest, HttpMatchRequest, HttpMatchRequest | undefined]>([
    [{ uri: { prefix: '/a' } }, {}, { uri: { prefix: '/a' } }],
    [{ uri: { prefix: '/a' } }, { uri: { prefix: '/a/b' } }, { uri: { prefix: '/a/b' } }],
    [{ uri: { prefix: '/a' } }, { uri: { exact: '/a/b' } }, { uri: { exact: '/a/b' } }],
    [{ uri: { prefix: '/a/b' } }, { uri: { prefix: '/a' } }, undefined],
    [{ uri: { exact: '/a' } }, { uri: { exact: '/a' } }, { uri: { exact: '/a' } }],
    [{ uri: { exact: '/a' } }, { uri: { exact: '/b' } }, undefined],
    [{ uri: { exact: '/a' } }, { uri: { prefix: '/a' } }, undefined],
    [{ uri: { regex: '/a.*' } }, { uri: { prefix: '/a' } }, undefined],
    [{ uri: { prefix: '/a' }, ignoreUriCase: true }, { uri: { prefix: '/a/b' } }, undefined],
    [{ headers: { a: { exact: '1' } } }, { headers: { b: {} } }, { headers: { a: { exact: '1' }, b: {} } }],
    [
      { headers: { a: { prefix: '1' } } },
      { headers: { a: { exact: '12' } } },
      { headers: { a: { exact: '12' } } },
    ],
    [{ headers: { a: { prefix: '1' } } }, { headers: { a: { exact: '2' } } }, undefined],
    [{ headers: { a: {} } }, { headers: { a: { exact: '2' } } }, { headers: { a: { exact: '2' } } }],
    [{ headers: { a: { exact: '2' } } }, { headers: { a: {} } }, undefined],
    [
      { withoutHeaders: { a: { exact: '12' } } },
      { withoutHeaders: { a: { prefix: '1' } } },
      { withoutHeaders: { a: { prefix: '1' } } },
    ],
    [{ withoutHeaders: { a: { prefix: '1' } } }, { withoutHeaders: { a: { exact: '12' } } }, undefined],
    [{ withoutHeaders: { a: {} } }, { withoutHeaders: { a: { exact: '' } } }, undefined],
    [{ port: 80 }, { port: 80 }, { port: 80 }],
    [{ port: 80 }, { port: 81 }, undefined],
    [{ name: 'a' }, { name: 'b' }, { name: 'a-b' }],
    [{ sourceLabels: { a: '1' } }, { sourceLabels: { b: '2' } }, { sourceLabels: { a: '1', b: '2' } }],
    [{ sourceLabels: { a: '1' } }, { sourceLabels: { a: '2' } }, undefined],
    [{ gateways: ['mesh', 'http'] }, { gateways: ['http'] }, { gateways: ['http'] }],
    [{ gateways: ['mesh'] }, { gateways: ['http'] }, undefined],
    [{ sourceNamespace: 'a' }, { sourceNamespace: 'b' }, undefined],
  ])('%j and %j: %j', (root, leaf, merged) => {
    expect(mergeMatch(root, leaf)).toEqual(merged);
  });

  it('take together no call that one of them alone would not take', () => {
    const word = fc.constantFrom('/a', '/a/b', '/b');
    const text = fc.oneof(
      word.map((exact) => ({ exact })),
      word.map((prefix) => ({ prefix })),
      fc.constant({ regex: '/a.*' }),
    );
    const headers = fc.record({ x: fc.oneof(text, fc.constantFrom({}, { exact: '' })) });
    const match: fc.Arbitrary<HttpMatchRequest> = fc.record(
      { uri: text, headers, withoutHeaders: headers, port: fc.constantFrom(80, 81) },
      { requiredKeys: [] },
    );
    const call = fc.record({
      path: word,
      port: fc.constantFrom(80, 81),
      headers: fc.dictionary(fc.constantFrom('x', 'y'), word),
    });
    fc.assert(
      fc.property(match, match, call, (root, leaf, given) => {
        const merged = mergeMatch(root, leaf);
        if (merged === undefined || !takes(merged, callOf(given))) return;
        expect(takes(root, callOf(given))).toBe(true);
        expect(takes(leaf, callOf(given))).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});

function takes(match: HttpMatchRequest, request: RouteRequest): boolean {
  const source = { caller: { labels: {} }, gateway: 'mesh' };
  return compileConditions(match).every((each) => each.holds(readSubject(each.subject, source, request)));
}
