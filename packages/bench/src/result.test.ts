import { describe, expect, it } from 'vitest';
import { BENCH_DEFAULTS } from './bench-options.js';
import type { Contender } from './contenders.js';
import type { Slice } from './process/messages.js';
import { summarise } from './result.js';
import { formatTable } from './table.js';

const open = () => ({ call: () => Promise.resolve(), close() {} });
const CONTENDERS: readonly Contender[] = [
  { id: 'bare', name: 'bare', open },
  { id: 'mesh', name: 'mesh', open, maxCpuRatio: 1.15 },
];

function slice(cpuMs: number): Slice {
  return { calls: 1000, elapsedMs: 500, cpuMs, p50Ms: 1, p99Ms: 2 };
}

function resultOf(bare: readonly number[], mesh: readonly number[]) {
  const slices = new Map([
    ['bare', bare.map(slice)],
    ['mesh', mesh.map(slice)],
  ]);
  return summarise(CONTENDERS, slices, BENCH_DEFAULTS);
}

describe('the result of a run', () => {
  it('compares clients within each round, so that a round on a busy machine counts like any other', () => {
    const [bare, mesh] = resultOf([100, 400, 100], [110, 440, 110]).clients;
    expect(bare?.cpuRatio.median).toBe(1);
    expect(mesh).toMatchObject({ cpuUs: 110, calls: 3000, callsPerSecond: 2000 });
    expect(mesh?.cpuRatio.median).toBeCloseTo(1.1);
  });

  it('is bad when a client costs more than it may', () => {
    expect(resultOf([100], [115]).ok).toBe(true);
    expect(resultOf([100], [116]).ok).toBe(false);
  });

  it('fits a table with a line for each client', () => {
    const table = formatTable(resultOf([100], [110]));
    expect(table).toMatch(/^mesh +110\.0 +1\.10 +1\.10 to 1\.10 +1\.15 +2000 +1\.00 +2\.00$/m);
  });
});
