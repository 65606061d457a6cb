import { describe, expect, it } from 'vitest';
import { flagValue, integerOf, numberOf, optionsOf, textValue, valuesByName } from './option-checks.js';

describe('options', () => {
  const check = optionsOf({
    timeoutMs: numberOf(1, Number.POSITIVE_INFINITY, 'give milliseconds'),
    retries: integerOf(0, 100),
    inner: optionsOf({ deep: flagValue }),
    labels: valuesByName(textValue, 'texts by name'),
  });

  it.each([
    [{}],
    [{ timeoutMs: 1, retries: 0, inner: { deep: true }, labels: { zone: 'a' } }],
    [{ timeoutMs: Number.POSITIVE_INFINITY }],
    [{ timeoutMs: undefined, inner: undefined }],
  ])('that can be pass: %j', (options) => {
    expect(() => check('place', options)).not.toThrow();
  });

  it.each([
    [null, 'place: null is no object; give one with any of timeoutMs, retries, inner, labels'],
    [[], 'place: [] is no object'],
    [{ timeoutMs: Number.NaN }, 'place.timeoutMs: NaN is out of range; give milliseconds'],
    [{ timeoutMs: 0.5 }, 'place.timeoutMs: 0.5 is out of range; give milliseconds'],
    [{ retries: Number.NaN }, 'place.retries: NaN is not an integer'],
    [{ retires: 1 }, 'place: "retires" is not an option; did you mean retries?'],
    // Names of what every object has are options as little as others.
    [{ constructor: 1 }, 'place: "constructor" is not an option'],
    [{ inner: { deep: 1 } }, 'place.inner.deep: 1 is no boolean; give true or false'],
    [{ inner: () => {} }, 'place.inner: function inner is no object; give one with any of deep'],
    [{ labels: { zone: 5 } }, 'place.labels.zone: 5 is not a string'],
    [{ labels: ['a'] }, 'place.labels: ["a"] is no object; give texts by name'],
  ])('that cannot be are named: %j', (options, message) => {
    expect(() => check('place', options)).toThrow(message);
  });
});
