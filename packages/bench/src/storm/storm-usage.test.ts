import { describe, expect, it } from 'vitest';
import { STORM_DEFAULTS } from './storm-setting.js';
import { readStormUsage } from './storm-usage.js';

describe('the command line of bench:storm', () => {
  it('says nothing but defaults where it is empty', () => {
    expect(readStormUsage([])).toEqual({ help: false, json: false, svg: undefined, setting: STORM_DEFAULTS });
  });

  it('takes a load, a seed, and whether work is dropped', () => {
    const { setting } = readStormUsage(['--load', '95', '--seed', '7', '--drop']);
    expect(setting).toEqual({ ...STORM_DEFAULTS, loadRatio: 0.95, seed: 7, dropsAbandoned: true });
  });

  it('refuses what is no number in range, and what it does not know', () => {
    expect(() => readStormUsage(['--load', '101'])).toThrow(
      '--load: 101 is not a whole number from 1 to 100',
    );
    expect(() => readStormUsage(['--seed', 'x'])).toThrow('--seed: x is not a whole number');
    expect(() => readStormUsage(['--svg='])).toThrow('--svg: the name of the file is empty');
    expect(() => readStormUsage(['--lod', '70'])).toThrow('--lod');
  });
});
