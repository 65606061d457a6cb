import { describe, expect, it } from 'vitest';
import { ConfigError } from './errors.js';

describe('a ConfigError', () => {
  class Secret {
    readonly token = 'secret';
  }

  it.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [5n, '5'],
    [null, 'null'],
    [undefined, 'undefined'],
    ['text', '"text"'],
    [{ a: [1] }, '{"a":[1]}'],
    [new AbortController(), 'an AbortController'],
    [new Secret(), 'a Secret'],
    [function named() {}, 'function named'],
    [{ long: 'x'.repeat(500) }, `{"long":"${'x'.repeat(191)}...`],
  ])('shows the value as its writer knows it', (value, shown) => {
    expect(new ConfigError('field', value, 'is wrong', 'mend it').message).toBe(
      `field: ${shown} is wrong; mend it`,
    );
  });

  it('shows a value that has no JSON', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(new ConfigError('field', circle, 'is wrong', 'mend it').message).toBe(
      'field: [object Object] is wrong; mend it',
    );
  });
});
