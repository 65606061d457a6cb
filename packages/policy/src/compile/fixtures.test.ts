import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readResources } from '../document/read-resources.js';
import { explainRoute } from '../route/explain-route.js';
import { callOf } from '../testing/policies.js';
import { validate } from '../validate/validate.js';
import { PolicySet } from './policy-set.js';

const FIXTURES = ['valid', 'broken'].flatMap((folder) => {
  const url = new URL(`../../fixtures/${folder}/`, import.meta.url);
  return readdirSync(url).map(
    (file) => [`${folder}/${file}`, readFileSync(new URL(file, url), 'utf8')] as const,
  );
});

const CALLERS = [{ labels: {} }, { labels: { app: 'user', region: 'eu' }, namespace: 'shop' }];
const REQUESTS = [
  callOf(),
  callOf({ path: '', port: 50_051, headers: { 'x-user-id': 'u-1', 'x-test': 'fault' } }),
  callOf({
    path: '/v1/hello',
    verb: 'GET',
    scheme: 'https',
    query: 'debug=1&%',
    authority: 'api.example.com',
  }),
];

describe('resources that were found without an error', () => {
  it.each(FIXTURES)('compile, and can be asked anything: %s', (file, text) => {
    const { resources } = validate(readResources(text, file).documents);
    for (const caller of CALLERS) {
      const set = PolicySet.compile(resources, { version: '1', caller });
      const policies = ['hello', 'shadow', 'nobody'].flatMap((name) =>
        [undefined, 'shop'].flatMap((namespace) =>
          ['mesh', 'http'].map((gateway) =>
            set.of({ name, ...(namespace === undefined ? {} : { namespace }) }, gateway),
          ),
        ),
      );
      const tables = [
        ...policies.flatMap((policy) => [policy?.routes, policy?.dryRun?.routes]),
        set.atHost('api.example.com', 'http'),
        set.atHost('', 'http'),
      ];
      for (const table of tables) {
        for (const request of REQUESTS) {
          if (table === undefined) continue;
          const { found, rules } = explainRoute(table, request);
          expect(rules.length).toBe(table.rules.length);
          if (found.kind === 'rule')
            expect(typeof (found.match.rewritePath?.(request.path) ?? '')).toBe('string');
        }
      }
      for (const policy of policies) {
        for (const subset of [undefined, 'v1', 'v2']) {
          for (const port of [undefined, 80, 50_051]) expect(policy?.traffic(subset, port)).not.toBeNull();
        }
      }
    }
  });
});
