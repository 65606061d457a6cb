import { describe, expect, it } from 'vitest';
import { checkInteger, checkOptionNames, nearestName } from './options.js';

describe('option names', () => {
  it('suggests the nearest known name', () => {
    expect(() => checkOptionNames('mesh.client', { timeout: 5 }, ['retries', 'timeoutMs'])).toThrow(
      'mesh.client: "timeout" is not an option; did you mean timeoutMs?',
    );
  });

  it('lists what it takes when nothing is near', () => {
    expect(() => checkOptionNames('mesh.client', { zebra: 5 }, ['retries', 'timeoutMs'])).toThrow(
      'it takes retries, timeoutMs',
    );
    expect(nearestName('zebra', ['retries'])).toBeUndefined();
  });

  it.each([
    ['SIGTREM', ['SIGTRAP', 'SIGTERM'], 'SIGTERM'],
    ['versoin', ['labels', 'version'], 'version'],
    ['bogus', ['logs', 'json'], undefined],
    ['prot', ['host', 'port'], 'port'],
  ])('counts swapped letters as one slip, and suggests nothing that is far: %s', (name, known, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });

  it('names the field, the value and the range of a bad number', () => {
    expect(() => checkInteger('defaults.retries', 1.5, 0)).toThrow('defaults.retries: 1.5 is not an integer');
    expect(() => checkInteger('defaults.retries', -1, 0)).toThrow('give a number from 0');
  });
});
