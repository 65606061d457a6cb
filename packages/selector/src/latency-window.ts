/** Answers are counted by slots of this time. */
export const LATENCY_SLOT_MS = 80;

/** Of 2 s in all. */
const SLOTS = 25;

/** Buckets of a quarter of an octave from 1 ms to 65 s: a latency is known within 19 %. */
const BUCKETS_PER_OCTAVE = 4;
const BUCKETS = 64;

/** From one bucket to the next: what has not ended yet is longer than it was, by so much as can be told. */
export const BUCKET_RATIO = 2 ** (1 / BUCKETS_PER_OCTAVE);

/** Answers, and how many of them were slow. */
export interface SlowCounts {
  readonly answers: number;
  readonly slow: number;
}

/** What {@link LatencyWindow.p90} takes to mean something. */
const P90_MIN_ANSWERS = 20;

const NOTHING: SlowCounts = { answers: 0, slow: 0 };

/**
 * How long one node took to answer within the last 2 s: counts by slot of time and by bucket of length, 4 KiB in all. To note an
 * answer is two additions; nothing is allocated, and what is old falls away without a timer.
 */
export class LatencyWindow {
  readonly #counts = new Uint16Array(SLOTS * BUCKETS);
  /** Of all slots, by bucket. */
  readonly #totals = new Uint32Array(BUCKETS);
  #slot = 0;
  #p90Slot = -1;
  #p90: number | undefined;

  /** @param now - on the mesh's clock. */
  add(now: number, latencyMs: number): void {
    this.#turnTo(now);
    const bucket = bucketOf(latencyMs);
    const index = (this.#slot % SLOTS) * BUCKETS + bucket;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#totals[bucket] = (this.#totals[bucket] ?? 0) + 1;
  }

  /** Forgets all answers. */
  clear(): void {
    this.#counts.fill(0);
    this.#totals.fill(0);
    this.#p90Slot = -1;
  }

  /** Answers, and those that took longer than `limitMs`, a bucket's width more at most. */
  counts(now: number, limitMs: number): SlowCounts {
    this.#turnTo(now);
    return countIn(this.#totals, 0, limitMs);
  }

  /** The same for each slot of time, the latest first. */
  countsByAge(now: number, limitMs: number): readonly SlowCounts[] {
    this.#turnTo(now);
    return Array.from({ length: SLOTS }, (_, age) => {
      const slot = this.#slot - age;
      return slot < 0 ? NOTHING : countIn(this.#counts, (slot % SLOTS) * BUCKETS, limitMs);
    });
  }

  /** 90th percentile in ms, worked out once a slot; undefined where fewer than 20 answers are known. */
  p90(now: number): number | undefined {
    this.#turnTo(now);
    if (this.#p90Slot !== this.#slot) {
      this.#p90Slot = this.#slot;
      this.#p90 = p90Of(this.#totals);
    }
    return this.#p90;
  }

  #turnTo(now: number): void {
    const slot = Math.floor(now / LATENCY_SLOT_MS);
    if (slot <= this.#slot) return;
    for (let next = Math.max(this.#slot + 1, slot - SLOTS + 1); next <= slot; next++)
      this.#drop(next % SLOTS);
    this.#slot = slot;
  }

  #drop(slot: number): void {
    const start = slot * BUCKETS;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.#counts[start + bucket] ?? 0;
      if (count > 0) this.#totals[bucket] = (this.#totals[bucket] ?? 0) - count;
    }
    this.#counts.fill(0, start, start + BUCKETS);
  }
}

function countIn(counts: Uint16Array | Uint32Array, start: number, limitMs: number): SlowCounts {
  const lastQuick = bucketOf(limitMs);
  let answers = 0;
  let slow = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = counts[start + bucket] ?? 0;
    answers += count;
    if (bucket > lastQuick) slow += count;
  }
  return { answers, slow };
}

function p90Of(totals: Uint32Array): number | undefined {
  let all = 0;
  for (const count of totals) all += count;
  if (all < P90_MIN_ANSWERS) return undefined;
  let seen = 0;
  const bucket = totals.findIndex((count) => {
    seen += count;
    return seen >= all * 0.9;
  });
  return 2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE);
}

function bucketOf(latencyMs: number): number {
  if (latencyMs <= 1) return 0;
  return Math.min(BUCKETS - 1, Math.floor(Math.log2(latencyMs) * BUCKETS_PER_OCTAVE));
}
