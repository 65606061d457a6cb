import { describe, expect, test } from 'vitest';
import { countExecutions, type EffectLine, parseEffects } from './effects.js';

function at(ms: number, text: string): EffectLine {
  const [node = '', event, call = ''] = text.split(' ');
  return { at: ms, node, call, event: event === 'effect' ? 'effect' : 'start' };
}

function lines(...texts: string[]): EffectLine[] {
  return texts.map((text, index) => at(index, text));
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

const NOBODY = () => false;

describe('countExecutions', () => {
  test('finds calls with more than one effect, on one node or on two', () => {
    const log = lines('a effect c1', 'b effect c1', 'a effect c2', 'a effect c3', 'a effect c3');
    expect(countExecutions(log, undefined, NOBODY)).toEqual({ executedTwice: ['c1', 'c3'], maybeTwice: [] });
  });

  test('does not take a second start for a second execution', () => {
    const log = lines('a start c1', 'b start c1', 'b effect c1');
    expect(countExecutions(log, undefined, NOBODY).executedTwice).toEqual([]);
  });

  describe('when a was killed at 100', () => {
    const strike = { node: 'a', at: 100, until: 100, kind: 'death' } as const;
    const count = (log: EffectLine[], answered = NOBODY) => countExecutions(log, strike, answered);

    test('lists calls that were inside its handlers, executed again or not', () => {
      const log = [at(90, 'a start c1'), at(95, 'a start c2'), at(101, 'b start c2'), at(150, 'b effect c2')];
      expect(count(log)).toEqual({
        executedTwice: [],
        maybeTwice: [
          { call: 'c1', node: 'a', effects: 0 },
          { call: 'c2', node: 'a', effects: 1 },
        ],
      });
    });

    test('lists a call that had taken effect, was not answered, and was executed again', () => {
      const log = [
        at(50, 'a start c1'),
        at(100, 'a effect c1'),
        at(101, 'b start c1'),
        at(151, 'b effect c1'),
      ];
      expect(count(log)).toEqual({
        executedTwice: [],
        maybeTwice: [{ call: 'c1', node: 'a', effects: 2 }],
      });
    });

    test('lists no call that was executed once', () => {
      const log = [
        at(50, 'a start c1'),
        at(100, 'a effect c1'),
        at(90, 'b start c2'),
        at(140, 'b effect c2'),
      ];
      expect(count(log)).toEqual({ executedTwice: [], maybeTwice: [] });
    });

    test('counts a call as executed twice whose answer the client had, or that was begun elsewhere before', () => {
      const log = [
        at(50, 'a start c1'),
        at(99, 'a effect c1'),
        at(101, 'b start c1'),
        at(151, 'b effect c1'),
      ];
      expect(count(log, () => true).executedTwice).toEqual(['c1']);
      const early = [
        at(50, 'a start c1'),
        at(99, 'a effect c1'),
        at(80, 'b start c1'),
        at(130, 'b effect c1'),
      ];
      expect(count(early).executedTwice).toEqual(['c1']);
    });

    test('counts a call as executed twice that the other nodes executed twice', () => {
      const log = [
        at(50, 'b start c1'),
        at(99, 'b effect c1'),
        at(101, 'c start c1'),
        at(151, 'c effect c1'),
      ];
      expect(count(log).executedTwice).toEqual(['c1']);
    });
  });

  describe('when a was cut off between 100 and 110', () => {
    const strike = { node: 'a', at: 100, until: 110, kind: 'cut' } as const;

    test('lists a call that it had begun, and that was executed again, and no other', () => {
      const again = [
        ...[at(105, 'a start c1'), at(155, 'a effect c1')],
        ...[at(300, 'b start c1'), at(350, 'b effect c1')],
      ];
      const once = [at(105, 'a start c2'), at(155, 'a effect c2')];
      expect(countExecutions([...again, ...once], strike, NOBODY)).toEqual({
        executedTwice: [],
        maybeTwice: [{ call: 'c1', node: 'a', effects: 2 }],
      });
    });

    test('lists a call that had arrived before, and that it was too busy to begin', () => {
      const log = [
        ...[at(400, 'a start c1'), at(450, 'a effect c1')],
        ...[at(600, 'b start c1'), at(650, 'b effect c1')],
      ];
      expect(countExecutions(log, strike, NOBODY).maybeTwice).toEqual([
        { call: 'c1', node: 'a', effects: 2 },
      ]);
    });

    test('counts a call as executed twice that came late to it, or that the others executed twice', () => {
      const late = [
        ...[at(300, 'b start c1'), at(350, 'b effect c1')],
        ...[at(4_500, 'a start c1'), at(4_550, 'a effect c1')],
      ];
      const others = [
        ...[at(105, 'a start c2'), at(300, 'b start c2'), at(350, 'b effect c2')],
        ...[at(360, 'c start c2'), at(410, 'c effect c2')],
      ];
      expect(countExecutions([...late, ...others], strike, NOBODY).executedTwice).toEqual(['c1', 'c2']);
    });
  });

  describe('when a was frozen at 100', () => {
    const strike = { node: 'a', at: 100, until: 100, kind: 'stall' } as const;

    test('counts a call as executed twice that it went on with after the thaw', () => {
      const log = [
        ...[at(60, 'a start c1'), at(300, 'b start c1'), at(350, 'b effect c1')],
        ...[at(4_100, 'a effect c1')],
      ];
      expect(countExecutions(log, strike, NOBODY)).toEqual({ executedTwice: ['c1'], maybeTwice: [] });
    });

    test('lists a call that had taken effect, and whose answer froze with it', () => {
      const log = [
        ...[at(50, 'a start c1'), at(100, 'a effect c1')],
        ...[at(300, 'b start c1'), at(350, 'b effect c1')],
      ];
      expect(countExecutions(log, strike, NOBODY)).toEqual({
        executedTwice: [],
        maybeTwice: [{ call: 'c1', node: 'a', effects: 2 }],
      });
    });
  });
});
