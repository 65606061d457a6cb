import type { CorsRule } from '@micromesh/policy/route';
import { describe, expect, it } from 'vitest';
import { corsVerdict } from './cors.js';

const PAGE = 'https://page.example';
const RULE: CorsRule = {
  origin: { resource: '', file: '', line: 1, column: 1, path: '', isDefault: false },
  allowsOrigin: (origin) => origin === PAGE,
  methods: ['GET'],
  requestHeaders: [],
  exposedHeaders: [],
  maxAgeMs: 1999,
  allowsCredentials: false,
  forwardsUnmatchedPreflights: true,
};
const ASKS = { 'access-control-request-method': 'POST' };
const GRANTED = { 'access-control-allow-origin': PAGE };

function verdict(allowed: boolean, answered: boolean, headers: Readonly<Record<string, string>> = {}) {
  return { allowed, answered, headers: { vary: 'origin', ...headers } };
}

// Source: Envoy's cors filter, decodeHeaders and encodeHeaders.
describe('a corsPolicy', () => {
  it('says nothing to a request without an origin, but that the answer is not for all', () => {
    for (const headers of [{}, { origin: '' }, ASKS]) {
      expect(corsVerdict(RULE, 'OPTIONS', headers)).toEqual(verdict(false, false));
    }
  });

  it('allows what the rule does, by its own name, also where all are allowed', () => {
    const rule = { ...RULE, allowsOrigin: () => true };
    for (const origin of [PAGE, 'null']) {
      expect(corsVerdict(rule, 'GET', { origin })).toEqual(
        verdict(true, false, { 'access-control-allow-origin': origin }),
      );
    }
  });

  it('lets nobody in because a pattern takes the text *', () => {
    const rule = { ...RULE, allowsOrigin: (origin: string) => /^[^/]*$/.test(origin) };
    expect(corsVerdict(rule, 'GET', { origin: PAGE })).toEqual(verdict(false, false));
  });

  it('answers a preflight of an origin that it allows, whatever comes of others', () => {
    const said = corsVerdict({ ...RULE, forwardsUnmatchedPreflights: false }, 'OPTIONS', {
      ...ASKS,
      origin: PAGE,
    });
    expect(said).toEqual(
      verdict(true, true, {
        ...GRANTED,
        'access-control-allow-methods': 'GET',
        'access-control-max-age': '1',
      }),
    );
  });

  it('takes what asks for no method, and any other verb, for no preflight', () => {
    for (const [method, headers] of [
      ['OPTIONS', { origin: PAGE }],
      ['POST', { ...ASKS, origin: PAGE }],
    ] as const) {
      expect(corsVerdict(RULE, method, headers)).toEqual(verdict(true, false, GRANTED));
    }
  });

  it('answers a preflight of another origin with nothing, or lets it go on', () => {
    const foreign = { ...ASKS, origin: 'null' };
    for (const forwards of [true, false]) {
      const rule = { ...RULE, forwardsUnmatchedPreflights: forwards };
      expect(corsVerdict(rule, 'OPTIONS', foreign)).toEqual(verdict(false, !forwards));
    }
  });
});
