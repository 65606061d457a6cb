import { describe, expect, it } from 'vitest';
import type { Strike } from '../stage/strike.js';
import { readEffects } from './effects.js';
import { judgeExecution, wasOpenIn } from './executions.js';

const LATE = 10_000;

function strike(kind: Strike['kind'], fromMs = 100, untilMs = 101): Strike {
  return { node: 'a', fromMs, untilMs, kind };
}

/** `a:start@95 b:effect@120` */
function lines(text: string) {
  return text.split(' ').map((line) => {
    const [, node = '', event, at] = /^(.+):(start|effect|end)@(\d+)$/.exec(line) ?? [];
    if (event !== 'start' && event !== 'effect' && event !== 'end') throw new Error(line);
    return { node, event, atMs: Number(at) } as const;
  });
}

describe('how often a call was executed', () => {
  it('is twice when it has two effects', () => {
    expect(judgeExecution(lines('a:start@1 a:effect@2'), [], LATE)).toBe('once');
    expect(judgeExecution(lines('a:start@1 a:effect@2 b:start@3 b:effect@4'), [], LATE)).toBe('twice');
  });

  it('is unknowable when a node died in the middle of it', () => {
    expect(judgeExecution(lines('a:start@95 b:start@110 b:effect@120'), [strike('death')], LATE)).toBe(
      'maybeTwice',
    );
    const both = lines('a:start@95 a:effect@100 b:start@110 b:effect@120');
    expect(judgeExecution(both, [strike('death')], LATE)).toBe('maybeTwice');
  });

  it('is known when the client had its answer before', () => {
    const both = lines('a:start@5 a:effect@15 b:start@110 b:effect@120');
    expect(judgeExecution(both, [strike('death')], 20)).toBe('twice');
  });

  it('is twice when a node that stood still goes on with what was done elsewhere', () => {
    const both = lines('a:start@95 b:start@350 b:effect@360 a:effect@4100');
    expect(judgeExecution(both, [strike('stall')], LATE)).toBe('twice');
  });

  it('is unknowable when the effect came before the standstill and the answer did not', () => {
    const both = lines('a:start@90 a:effect@100 b:start@350 b:effect@360');
    expect(judgeExecution(both, [strike('stall')], LATE)).toBe('maybeTwice');
  });

  it('is unknowable when a node was cut off in the middle of it, and twice when it began there afterwards', () => {
    const before = lines('a:start@95 a:effect@105 b:start@350 b:effect@360');
    expect(judgeExecution(before, [strike('cut')], LATE)).toBe('maybeTwice');
    const inLine = lines('a:start@400 a:effect@410 b:start@650 b:effect@660');
    expect(judgeExecution(inLine, [strike('cut')], LATE)).toBe('maybeTwice');
    const after = lines('b:start@350 b:effect@360 a:start@4100 a:effect@4110');
    expect(judgeExecution(after, [strike('cut')], LATE)).toBe('twice');
  });

  it('has no excuse in a strike when it had begun elsewhere before', () => {
    const both = lines('b:start@50 a:start@95 b:effect@120 c:start@130 c:effect@140');
    expect(judgeExecution(both, [strike('death')], LATE)).toBe('twice');
  });
});

describe('the log of a node', () => {
  it('is read line by line, over all nodes', () => {
    const effects = readEffects(
      new Map([
        ['a', '1.000 start me/read/1\n2.500 effect me/read/1\n'],
        ['b', '3.000 start me/read/1\n'],
      ]),
    );
    expect(effects.get('me/read/1')).toEqual(
      lines('a:start@1 a:effect@2 b:start@3').map((line, index) =>
        index === 1 ? { ...line, atMs: 2.5 } : line,
      ),
    );
  });

  it('is no ground for any figure when a line is not a node’s', () => {
    expect(() => readEffects(new Map([['a', '1.000 sta']]))).toThrow('the log of a has a line');
  });

  it('tells which streams were open when the node died', () => {
    expect(wasOpenIn(lines('a:start@50 a:effect@51'), strike('death'))).toBe(true);
    expect(wasOpenIn(lines('a:start@50 a:effect@51 a:end@99'), strike('death'))).toBe(false);
    expect(wasOpenIn(lines('b:start@50'), strike('death'))).toBe(false);
  });
});
