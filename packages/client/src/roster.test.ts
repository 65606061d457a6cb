import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Roster, type Rostered } from './roster.js';

const item = (): Rostered => ({ place: -1 });

describe('a roster', () => {
  it('holds what was added and not taken off, as a set would', () => {
    const orders = fc.array(fc.record({ adds: fc.boolean(), which: fc.nat(9) }), { maxLength: 100 });
    fc.assert(
      fc.property(orders, (given) => {
        const items = Array.from({ length: 10 }, item);
        const roster = new Roster<Rostered>();
        const set = new Set<Rostered>();
        for (const { adds, which } of given) {
          const each = items[which] ?? item();
          if (!adds) {
            roster.delete(each);
            set.delete(each);
          } else if (!set.has(each)) {
            roster.add(each);
            set.add(each);
          }
          expect([...roster].every((one) => set.has(one))).toBe(true);
          expect(new Set(roster).size).toBe(set.size);
          expect(roster.size).toBe(set.size);
        }
      }),
    );
  });

  it('takes nothing off another roster', () => {
    const [one, other] = [new Roster<Rostered>(), new Roster<Rostered>()];
    const [a, b] = [item(), item()];
    one.add(a);
    other.add(b);
    one.delete(b);
    expect([...one][0]).toBe(a);
    expect([...other][0]).toBe(b);
    other.delete(b);
    expect(b.place).toBe(-1);
  });
});
