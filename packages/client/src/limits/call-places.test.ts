import type { Method } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { CallPlaces } from './call-places.js';
import { concurrencyRules } from './limit-settings.js';

function method(path: string): Method {
  return { path, service: 'h.H', name: path, kind: 'unary', idempotency: 'unknown' };
}

describe('the places of calls', () => {
  it('are those of the service, or of each method', () => {
    const service = new CallPlaces(concurrencyRules({ max: 1 }));
    expect(service.of(method('/h.H/A'))).toBe(service.of(method('/h.H/B')));
    const methods = new CallPlaces(concurrencyRules({ max: 1, per: 'method' }));
    expect(methods.of(method('/h.H/A'))).toBe(methods.of(method('/h.H/A')));
    expect(methods.of(method('/h.H/A'))).not.toBe(methods.of(method('/h.H/B')));
  });

  it('are bounded in number: further methods share one count', () => {
    const places = new CallPlaces(concurrencyRules({ max: 1, per: 'method' }));
    const all = new Set(Array.from({ length: 3000 }, (_, index) => places.of(method(`/h.H/M${index}`))));
    expect(all.size).toBe(1025);
  });
});
