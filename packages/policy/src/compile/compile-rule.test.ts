import { describe, expect, it } from 'vitest';
import type { RouteRule } from '../route/route-rule.js';
import { callOf, helloRules, helloTable, virtualService } from '../testing/policies.js';

const TO = 'route: [{ destination: { host: hello } }]';

function ruleNamed(text: string, name: string): RouteRule {
  const rule = helloTable(text).rules.find((each) => each.name === name);
  if (rule === undefined) throw new Error(`no rule ${name}`);
  return rule;
}

describe('a rule', () => {
  it('tells where each value is written, and which are defaults', () => {
    const rule = ruleNamed(
      helloRules(
        `{ name: r, ${TO},\n        timeout: 2s,\n        retries: { attempts: 2, perTryTimeout: 500ms, retryOn: 'reset,503' } }`,
      ),
      'r',
    );
    expect(rule.timeoutMs).toEqual({
      value: 2000,
      origin: {
        resource: 'VirtualService hello',
        file: 'test.yaml',
        line: 8,
        column: 9,
        path: 'spec.http[0].timeout',
        isDefault: false,
      },
    });
    const { retry } = rule;
    expect(retry?.attempts).toMatchObject({ value: 2, origin: { line: 9, isDefault: false } });
    expect(retry?.conditions.value).toMatchObject({ words: ['reset'], statuses: [503] });
    expect(retry?.perTryTimeoutMs?.value).toBe(500);
    expect(retry?.baseBackoffMs).toMatchObject({ value: 25, origin: { isDefault: true } });
    expect(retry?.maxBackoffMs).toBe(250);
    expect(retry?.ignorePreviousHosts).toMatchObject({ value: true, origin: { isDefault: true } });
    expect(retry?.remoteLocalities.value).toBe(false);
  });

  it('with retries that say little takes the conditions of Istio', () => {
    const { retry } = ruleNamed(helloRules(`{ name: r, ${TO}, retries: { attempts: 1 } }`), 'r');
    expect(retry?.conditions.value.words).toEqual([
      'connect-failure',
      'refused-stream',
      'unavailable',
      'cancelled',
    ]);
    expect(retry?.perTryTimeoutMs).toBeUndefined();
  });

  it('answers without a node, or sends elsewhere', () => {
    const text = helloRules(
      '{ name: sorry, match: [{ headers: { x-a: {} } }], directResponse: { status: 503, body: { string: later } } }',
      '{ name: bytes, match: [{ headers: { x-b: {} } }], directResponse: { status: 404, body: { bytes: aGk= } } }',
      '{ name: away, redirect: { uri: /there, derivePort: FROM_REQUEST_PORT } }',
    );
    expect(ruleNamed(text, 'sorry').action).toMatchObject({
      httpStatus: 503,
      grpcCode: 14,
      message: 'later',
    });
    const bytes = ruleNamed(text, 'bytes').action;
    expect(bytes).toMatchObject({
      kind: 'directResponse',
      grpcCode: 12,
      message: '',
      body: Buffer.from('hi'),
    });
    expect(ruleNamed(text, 'away').action).toMatchObject({ httpStatus: 301, uri: '/there', port: 'request' });
  });

  it('has the annotations of its resource', () => {
    const annotations =
      ', annotations: { micromesh.io/seed: "7", micromesh.io/hedge: 50ms, micromesh.io/fault-scope: attempt }';
    const rule = ruleNamed(
      virtualService('hello', 'hosts: [hello]', [`{ name: r, ${TO} }`], annotations),
      'r',
    );
    expect(rule.annotations).toMatchObject({
      seed: { value: 7, origin: { line: 3 } },
      hedge: { value: { kind: 'delay', delay: { ms: 50 } } },
      faultScope: { value: 'attempt', origin: { isDefault: false } },
      adaptiveAttemptTimeout: { value: false, origin: { isDefault: true } },
    });
    expect(rule.chance.seed).toBe(7);
  });

  it.each<[string, string, string | undefined]>([
    [
      '{ match: [{ uri: { prefix: /hello.v1. } }], rewrite: { uri: /hello.v2. } }',
      '/hello.v1.Hello/A',
      '/hello.v2.Hello/A',
    ],
    [
      '{ match: [{ uri: { prefix: /HELLO. }, ignoreUriCase: true }], rewrite: { uri: /x. } }',
      '/hello.H/A',
      '/x.H/A',
    ],
    ['{ match: [{ uri: { exact: /a.B/C } }], rewrite: { uri: /d.E/F } }', '/a.B/C', '/d.E/F'],
    ['{ match: [{ uri: { regex: "/a.*" } }], rewrite: { uri: /d.E/F } }', '/a.B/C', '/d.E/F'],
    // Istio gives a match without a uri the prefix /.
    ['{ rewrite: { uri: /v2/ } }', '/a.B/C', '/v2/a.B/C'],
    ['{ rewrite: { uriRegexRewrite: { match: "^/a\\\\.(.*)$", rewrite: "/b.\\\\1" } } }', '/a.B/C', '/b.B/C'],
    ['{ rewrite: { authority: other } }', '/a.B/C', undefined],
  ])('%s makes of %s %s', (rule, path, rewritten) => {
    const match = helloTable(helloRules(rule.replace(/ \}$/, `, ${TO} }`))).find(callOf({ path }));
    if (match.kind !== 'rule') throw new Error(match.kind);
    expect(match.match.rewritePath?.(path)).toBe(rewritten);
    expect(match.rule.authority?.value).toBe(rewritten === undefined ? 'other' : undefined);
  });
});
