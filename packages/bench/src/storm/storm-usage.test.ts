import { describe, expect, it } from 'vitest';
import { CommandLine } from '../command/command-line.js';
import { STORM_DEFAULTS } from './storm-setting.js';
import { readStormUsage, type StormUsage } from './storm-usage.js';

function read(...args: string[]): StormUsage {
  return readStormUsage(new CommandLine(args));
}

describe('the command line of bench:storm', () => {
  it('says nothing but defaults where it is empty', () => {
    expect(read()).toEqual({ json: false, svg: undefined, setting: STORM_DEFAULTS });
  });

  it('takes a load, a seed, and whether work is dropped', () => {
    const { setting } = read('--load', '95', '--seed', '7', '--drop');
    expect(setting).toEqual({ ...STORM_DEFAULTS, loadRatio: 0.95, seed: 7, dropsAbandoned: true });
  });

  it('refuses what is no number in range', () => {
    expect(() => read('--load', '101')).toThrow('--load: "101" is not a whole number from 1 to 100');
    expect(() => read('--seed', 'x')).toThrow('--seed: "x" is not a whole number');
  });
});
