import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Places } from './places.js';

describe('places', () => {
  it('are given to as many as there are, then to those that wait, in their order', () => {
    const places = new Places(1, 2);
    const entered: string[] = [];
    expect(places.tryEnter()).toBe(true);
    expect(places.tryEnter()).toBe(false);
    expect(places.tryWait(() => entered.push('a'))).toBeDefined();
    expect(places.tryWait(() => entered.push('b'))).toBeDefined();
    expect(places.tryWait(() => entered.push('c'))).toBeUndefined();
    places.leave();
    places.leave();
    expect(entered).toEqual(['a', 'b']);
    expect(places.taken).toBe(1);
    places.leave();
    expect(places.taken).toBe(0);
  });

  it('go to the next when the first has left the line', () => {
    const places = new Places(1, 2);
    const entered: string[] = [];
    places.tryEnter();
    const leaveLine = places.tryWait(() => entered.push('a'));
    places.tryWait(() => entered.push('b'));
    leaveLine?.();
    leaveLine?.();
    places.leave();
    expect(entered).toEqual(['b']);
    expect(places.waiting).toBe(0);
  });

  it('go through a long line of those that leave at once, and nobody comes between', () => {
    const places = new Places(1, 20_000);
    places.tryEnter();
    let entered = 0;
    let between = 0;
    for (let waits = 0; waits < 20_000; waits++) {
      places.tryWait(() => {
        entered++;
        places.leave();
        if (places.waiting > 0 && places.tryEnter()) between++;
      });
    }
    places.leave();
    expect([entered, between, places.taken, places.waiting]).toEqual([20_000, 0, 0, 0]);
  });

  it('cannot be given back twice', () => {
    const places = new Places(1, 0);
    places.tryEnter();
    places.leave();
    expect(() => places.leave()).toThrow('nobody had taken');
  });

  it('are never more than there are, nor the line longer than it may be, and all come back', () => {
    const step = fc.constantFrom('enter', 'wait', 'leave', 'leaveLine');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 3 }),
        fc.array(step, { maxLength: 60 }),
        (max, queue, steps) => {
          const places = new Places(max, queue);
          let held = 0;
          const line: (() => void)[] = [];
          for (const each of steps) {
            if (each === 'enter' && places.tryEnter()) held++;
            if (each === 'wait' && places.taken === max) {
              const leaveLine = places.tryWait(() => {
                held++;
                if (leaveLine !== undefined) line.splice(line.indexOf(leaveLine), 1);
              });
              if (leaveLine !== undefined) line.push(leaveLine);
            }
            if (each === 'leave' && held > 0) {
              held--;
              places.leave();
            }
            if (each === 'leaveLine') line.pop()?.();
            expect(places.taken).toBe(held);
            expect(held).toBeLessThanOrEqual(max);
            expect(places.waiting).toBe(line.length);
            expect(line.length).toBeLessThanOrEqual(queue);
          }
          for (; held > 0; held--) {
            const before = places.waiting;
            places.leave();
            if (before > 0) continue;
            expect(places.taken).toBe(held - 1);
          }
          expect([places.taken, places.waiting]).toEqual([0, 0]);
        },
      ),
    );
  });
});
