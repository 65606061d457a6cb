import { describe, expect, it } from 'vitest';
import { ambientOptions, overAmbient, withOptions } from './ambient-options.js';

describe('options around a call', () => {
  it('hold where the call says nothing, also where it says undefined', () => {
    const given: { timeoutMs?: number; retries?: number } = JSON.parse('{"retries":3}');
    Object.assign(given, { timeoutMs: undefined });
    withOptions({ timeoutMs: 100, retries: 0, hashKey: 'u-1' }, () => {
      expect(overAmbient(given)).toEqual({ timeoutMs: 100, retries: 3, hashKey: 'u-1' });
    });
  });

  it('win value by value where they stand inside others', () => {
    withOptions({ timeoutMs: 100, retries: 0 }, () => {
      withOptions({ retries: 2 }, () => expect(ambientOptions()).toEqual({ timeoutMs: 100, retries: 2 }));
    });
    expect(ambientOptions()).toEqual({});
  });
});
