import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureWindow } from './failure-window.js';

describe('a failure window', () => {
  it('counts what is within it, to a tenth, and forgets the rest, wherever the clock began', () => {
    const ended = fc.record({ afterMs: fc.integer({ min: 0, max: 700 }), failed: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(ended, { maxLength: 40 }),
        fc.integer({ min: -5000, max: 5000 }),
        (all, origin) => {
          const window = new FailureWindow(1000);
          const seen: { at: number; failed: boolean }[] = [];
          let now = origin;
          for (const { afterMs, failed } of all) {
            now += afterMs;
            window.record(now, failed);
            seen.push({ at: now, failed });
          }
          const oldest = Math.floor(now / 100) - 9;
          const within = seen.filter(({ at }) => Math.floor(at / 100) >= oldest);
          expect(window.calls(now)).toBe(within.length);
          expect(window.failures(now)).toBe(within.filter(({ failed }) => failed).length);
          expect(window.calls(now + 1000)).toBe(0);
        },
      ),
    );
  });
});
