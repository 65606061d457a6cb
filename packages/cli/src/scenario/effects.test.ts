import { describe, expect, test } from 'vitest';
import { countExecutions, type EffectLine, parseEffects } from './effects.js';

function lines(...texts: string[]): EffectLine[] {
  return texts.map((text, index) => {
    const [node = '', event, call = ''] = text.split(' ');
    return { at: index, node, call, event: event === 'effect' ? 'effect' : 'start' };
  });
}

describe('parseEffects', () => {
  test('reads what nodes wrote', () => {
    const text =
      '{"at":1,"node":"a","call":"c1","event":"start"}\n{"at":2,"node":"a","call":"c1","event":"effect"}\n';
    expect(parseEffects(text)).toEqual([
      { at: 1, node: 'a', call: 'c1', event: 'start' },
      { at: 2, node: 'a', call: 'c1', event: 'effect' },
    ]);
  });

  test.each(['{"at":1', '{"at":1,"node":"a","call":"c1","event":"other"}', '7'])('refuses %s', (line) => {
    expect(() => parseEffects(`${line}\n`)).toThrow('a line that no hello node wrote');
  });
});

describe('countExecutions', () => {
  test('finds calls with more than one effect, on one node or on two', () => {
    const log = lines('a effect c1', 'b effect c1', 'a effect c2', 'a effect c3', 'a effect c3');
    expect(countExecutions(log, new Set()).executedTwice).toEqual(['c1', 'c3']);
  });

  test('does not take a second start for a second execution', () => {
    const log = lines('a start c1', 'b start c1', 'b effect c1');
    expect(countExecutions(log, new Set()).executedTwice).toEqual([]);
  });

  test('lists calls that were inside a handler of a dead node, and no others', () => {
    const log = lines(
      ...['a start c1', 'a effect c1', 'a start c2', 'b start c3', 'b start c2', 'b effect c2'],
    );
    expect(countExecutions(log, new Set(['a'])).maybeTwice).toEqual([{ call: 'c2', node: 'a', effects: 1 }]);
  });
});
