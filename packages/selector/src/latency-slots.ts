/** Buckets of a quarter of an octave from 0.1 ms to 105 s: a quantile is right within 9 %. */
const BUCKETS_PER_OCTAVE = 4;
const LOWEST_MS = 0.1;
const BUCKETS = 80;

/** Latencies as counts a bucket, one row a slot of time. */
export class LatencySlots {
  readonly #counts: Uint32Array;

  constructor(slots: number) {
    this.#counts = new Uint32Array(slots * BUCKETS);
  }

  add(slot: number, latencyMs: number): void {
    const index = slot * BUCKETS + bucketOf(latencyMs);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  clear(slot: number): void {
    this.#counts.fill(0, slot * BUCKETS, (slot + 1) * BUCKETS);
  }

  /** A quantile in (0, 1] of all slots together, in ms; undefined without a latency. */
  quantile(quantile: number): number | undefined {
    const totals = new Float64Array(BUCKETS);
    let all = 0;
    for (const [index, count] of this.#counts.entries()) {
      totals[index % BUCKETS] = (totals[index % BUCKETS] ?? 0) + count;
      all += count;
    }
    if (all === 0) return undefined;
    let seen = 0;
    const bucket = totals.findIndex((count) => {
      seen += count;
      return seen >= all * quantile;
    });
    return middleOf(bucket);
  }
}

function bucketOf(latencyMs: number): number {
  if (latencyMs <= LOWEST_MS) return 0;
  return Math.min(BUCKETS - 1, Math.floor(Math.log2(latencyMs / LOWEST_MS) * BUCKETS_PER_OCTAVE));
}

function middleOf(bucket: number): number {
  return LOWEST_MS * 2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE);
}
