/** What a process holds at one moment. */
export interface Footprint {
  readonly atMs: number;
  /** Calls that had ended. */
  readonly calls: number;
  /** After a full garbage collection. */
  readonly heapMiB: number;
  /** All of the process. */
  readonly rssMiB: number;
  /** Sockets, timers and the like. */
  readonly handles: number;
}

/** Whether a figure of a run has grown: its median in the last third beside that in the first third after the warm-up. */
export interface Growth {
  readonly first: number;
  readonly last: number;
  readonly grown: number;
}

const MIB = 1024 * 1024;

/** Takes one. @throws Error where Node was not started with `--expose-gc`. */
export function takeFootprint(atMs: number, calls: number): Footprint {
  if (globalThis.gc === undefined) throw new Error('start Node with --expose-gc: npm run soak does');
  globalThis.gc();
  const { heapUsed, rss } = process.memoryUsage();
  return {
    atMs: Math.round(atMs),
    calls,
    heapMiB: round(heapUsed / MIB),
    rssMiB: round(rss / MIB),
    handles: process.getActiveResourcesInfo().length,
  };
}

/** The growth of one figure; the first fifth of the samples is warm-up. NaN of fewer than five samples. */
export function growthOf(samples: readonly Footprint[], figure: 'heapMiB' | 'rssMiB' | 'handles'): Growth {
  const warm = samples.slice(Math.ceil(samples.length / 5)).map((sample) => sample[figure]);
  const third = Math.floor(warm.length / 3);
  const first = third === 0 ? Number.NaN : middle(warm.slice(0, third));
  const last = third === 0 ? Number.NaN : middle(warm.slice(-third));
  return { first, last, grown: round(last - first) };
}

/** Of two the lower: nodes that are being connected anew have a handle more for a moment, and what has grown stays. */
function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
