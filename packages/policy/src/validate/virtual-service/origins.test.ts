import { describe, expect, it } from 'vitest';
import type { PlainObject } from '../../document/plain-value.js';
import { formatProblem } from '../../problem.js';
import { documentOf } from '../../testing/example-resource.js';
import { validate } from '../validate.js';

function problemsOf(...allowOrigins: readonly PlainObject[]): readonly string[] {
  return problemsOfPolicy({ allowOrigins });
}

function problemsOfPolicy(corsPolicy: PlainObject): readonly string[] {
  const http = [{ corsPolicy, route: [{ destination: { host: 'hello' } }] }];
  const spec = { hosts: ['api.example.com'], gateways: ['web'], http };
  return validate([documentOf('VirtualService', spec, 'file')]).problems.map(formatProblem);
}

describe('the origins of a corsPolicy', () => {
  it.each([
    ['example.com', 'https://example.com'],
    ['example.com:8443', 'https://example.com:8443'],
    ['localhost', 'https://localhost'],
    ['https://example.com/', 'https://example.com'],
    ['https://example.com/app', 'https://example.com'],
    ['HTTP://Example.com:80', 'http://example.com'],
    ['', 'https://example.com, or a regex for several'],
    ['*.example.com', 'https://example.com, or a regex for several'],
    ['https://*.example.com', 'https://example.com, or a regex for several'],
    ['a b', 'https://example.com, or a regex for several'],
  ])('warns of exact %j, which no browser sends, and says what one does', (exact, sent) => {
    const problems = problemsOf({ exact: 'https://other.example' }, { exact });
    const said = `${JSON.stringify(exact)} is no Origin that a browser sends, so it lets no page in`;
    expect(problems).toEqual([
      expect.stringContaining(
        `warning: spec.http[0].corsPolicy.allowOrigins[1].exact: ${said}; write exact: ${sent}`,
      ),
    ]);
  });

  it.each(['https://example.com', 'http://localhost:3000', 'chrome-extension://abc', '*', 'null'])(
    'says nothing of exact %j',
    (exact) => {
      expect(problemsOf({ exact })).toEqual([]);
    },
  );

  it('warns of every origin with credentials, whatever is beside it', () => {
    const allowOrigins = [{ exact: 'https://example.com' }, { exact: '*' }];
    expect(problemsOfPolicy({ allowOrigins, allowCredentials: true })).toEqual([
      expect.stringContaining(
        'warning: spec.http[0].corsPolicy.allowOrigins[1].exact: with allowCredentials lets the pages of every site call',
      ),
    ]);
  });

  it.each([
    [[{ exact: '*' }], false],
    [[{ exact: 'https://example.com' }, { exact: 'null' }], true],
  ])('says nothing of %j where allowCredentials is %s', (allowOrigins, allowCredentials) => {
    expect(problemsOfPolicy({ allowOrigins, allowCredentials })).toEqual([]);
  });

  it('says nothing of a prefix or a pattern, which may be of any text', () => {
    expect(problemsOf({ prefix: 'example.com' }, { regex: '.*example[.]com' })).toEqual([]);
  });
});
