import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.js';

describe('a duration', () => {
  it.each([
    ['1s', 1000],
    ['1500ms', 1500],
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['30d', 2_592_000_000],
  ])('%s is %i ms', (text, ms) => expect(parseDuration(text, '--for')).toBe(ms));

  it.each(['', '10', 'm', '10 m', '-1m', '1w', '10mm', '1m!', 'Infinityd'])('%s is none', (text) => {
    expect(() => parseDuration(text, '--for')).toThrow('is no duration; write e.g. 90s, 10m, 1h30m or 2d');
  });

  it.each(['999ms', '0s', '31d', '999999999d'])('%s is out of range', (text) => {
    expect(() => parseDuration(text, '--for')).toThrow('--for: ');
    expect(() => parseDuration(text, '--for')).toThrow('is out of range; give from 1s to 30d');
  });
});
