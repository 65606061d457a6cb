import { ConfigError } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { CommandLine } from './command-line.js';

function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
  }
  return 'nothing was thrown';
}

describe('a command line', () => {
  it('gives flags, texts and numbers, in whatever order and with or without an equals sign', () => {
    const line = new CommandLine(['--rate', '50', '--json', '--only=kill,frozen']);
    expect(line.flag('json')).toBe(true);
    expect(line.flag('check')).toBe(false);
    expect(line.text('only')).toBe('kill,frozen');
    expect(line.wholeNumber('rate', 7)).toBe(50);
    expect(line.wholeNumber('nodes', 3)).toBe(3);
    expect(line.wholeNumber('after-ms', undefined)).toBeUndefined();
    line.end();
  });

  it('takes no name for the value of another', () => {
    const line = new CommandLine(['--svg', 'x', '--rate-ms', '5', '--rate', '6']);
    expect(line.wholeNumber('rate', 1)).toBe(6);
    expect(line.wholeNumber('rate-ms', 1)).toBe(5);
    expect(line.text('svg')).toBe('x');
    line.end();
  });

  it('takes the last where one is there twice', () => {
    const line = new CommandLine(['--load', '1', '--json', '--load', '2', '--json']);
    expect(line.wholeNumber('load', 80)).toBe(2);
    expect(line.flag('json')).toBe(true);
    line.end();
  });

  it('names an option that nobody reads, with the nearest that there is', () => {
    const line = new CommandLine(['--lod', '70']);
    line.wholeNumber('load', 80);
    expect(messageOf(() => line.end())).toBe('command line: "--lod" is not an option; did you mean --load?');
    const other = new CommandLine(['kill']);
    other.flag('json');
    expect(messageOf(() => other.end())).toBe('command line: "kill" is not an option; it takes --json');
  });

  it.each([
    [
      ['--load', '101'],
      '--load: "101" is not a whole number from 1 to 100; write --load N, or leave it out for 80',
    ],
    [
      ['--load', 'many'],
      '--load: "many" is not a whole number from 1 to 100; write --load N, or leave it out for 80',
    ],
    [['--load', '0'], '--load: "0" is not a whole number'],
    [['--load'], '--load: undefined is no value of it; write one after --load'],
    [['--load='], '--load: "" is no value of it'],
    [['--load', '--json'], '--load: "--json" is no value of it'],
  ])('refuses %j', (args, message) => {
    expect(messageOf(() => new CommandLine(args).wholeNumber('load', 80, 100))).toContain(message);
  });

  it('refuses a value of a flag', () => {
    expect(messageOf(() => new CommandLine(['--json=yes']).flag('json'))).toBe(
      '--json: "yes" is a value, and it takes none; write --json alone',
    );
  });
});
