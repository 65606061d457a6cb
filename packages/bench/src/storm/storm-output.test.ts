import { describe, expect, it } from 'vitest';
import { DEFAULTS, NEITHER } from './protection.js';
import { stormPlot } from './storm-plot.js';
import { formatStorm } from './storm-report.js';
import { stormResult } from './storm-result.js';
import { STORM_DEFAULTS } from './storm-setting.js';

const SETTING = { ...STORM_DEFAULTS, durationMs: 4000, faultFromMs: 1000, faultToMs: 2000 };

function run(protection: typeof DEFAULTS, recoveredAfterMs: number | null, ...goodputs: readonly number[]) {
  const seconds = goodputs.map((goodput, second) => ({ second, offered: 280, goodput, attempts: 300 }));
  return { protection, seconds, goodputBefore: 280, recoveredAfterMs };
}

const RESULT = stormResult(SETTING, [run(DEFAULTS, 1000, 280, 0, 0, 280), run(NEITHER, null, 280, 0, 0, 0)]);

describe('the table of a storm', () => {
  it('has a line a second, marks the fault, and says what came of it', () => {
    const lines = formatStorm(RESULT).split('\n');
    expect(lines.filter((line) => /^ +[0-3] +280 /.test(line))).toHaveLength(4);
    expect(lines.find((line) => line.includes('half of the capacity is gone'))).toMatch(/^ +1 +280 +0 /);
    expect(lines.join('\n')).toContain('= 400 requests/s');
    expect(lines.join('\n')).toMatch(/defaults +280\/s.*1 s after the capacity/);
    expect(lines.join('\n')).toMatch(/neither +280\/s.*not within 2 s/);
  });
});

describe('the plot of a storm', () => {
  it('has both lines, the fault, the axes and colours for a dark page', () => {
    const svg = stormPlot(RESULT);
    for (const text of ['half of the capacity is gone', 'seconds', 'calls per second', 'capacity 400/s']) {
      expect(svg).toContain(text);
    }
    expect(svg).toContain("micromesh's defaults: back after 1 s");
    expect(svg).toContain('without retry budget and chain stop: not back');
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg.match(/class="line (ours|other)"/g)).toHaveLength(4);
    expect(svg).not.toContain('NaN');
  });
});
