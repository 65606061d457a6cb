import { describe, expect, it } from 'vitest';
import { goodputBefore, recoveredAfterMs } from './recovery.js';

const WINDOW = { faultFromMs: 2000, faultToMs: 3000 };

function seconds(...goodputs: readonly number[]) {
  return goodputs.map((goodput, second) => ({ second, offered: 100, goodput, attempts: 0 }));
}

describe('the recovery', () => {
  it('begins with the first second after the fault from which on all are good', () => {
    expect(recoveredAfterMs(seconds(100, 100, 0, 0, 95, 100), WINDOW)).toBe(1000);
    expect(recoveredAfterMs(seconds(100, 100, 0, 95, 95, 100), WINDOW)).toBe(0);
  });

  it('is none where calls fail again, or still do at the end', () => {
    expect(recoveredAfterMs(seconds(100, 100, 0, 95, 100, 80), WINDOW)).toBeNull();
    expect(recoveredAfterMs(seconds(100, 100, 0, 95, 80, 100), WINDOW)).toBe(2000);
  });

  it('is told from what was before the fault', () => {
    expect(goodputBefore(seconds(100, 90, 0, 0), WINDOW)).toBe(95);
  });
});
