/** Neighbouring buckets are 9 % apart. */
const BUCKETS_PER_OCTAVE = 8;
/** The first bucket ends here. */
const FIRST_MS = 0.125;
/** From {@link FIRST_MS} to two minutes. */
const BUCKETS = 20 * BUCKETS_PER_OCTAVE;
/** What is known covers this long to twice as long. */
const WINDOW_MS = 10_000;

/**
 * How long one method takes to answer, lately: a histogram of the window that runs and of the one before. A write is one
 * addition, and nothing is allocated after the start.
 */
export class LatencyRecord {
  #current = new Uint32Array(BUCKETS);
  #before = new Uint32Array(BUCKETS);
  #currentCount = 0;
  #beforeCount = 0;
  #endsAt = Number.NEGATIVE_INFINITY;

  /**
   * Notes one answer.
   *
   * @param now - on the mesh's clock.
   */
  add(ms: number, now: number): void {
    if (now >= this.#endsAt) this.#turn(now);
    const bucket = bucketOf(ms);
    this.#current[bucket] = (this.#current[bucket] ?? 0) + 1;
    this.#currentCount++;
  }

  /** Answers that are remembered. */
  count(now: number): number {
    if (now >= this.#endsAt) this.#turn(now);
    return this.#currentCount + this.#beforeCount;
  }

  /**
   * Two times, at most 9 % apart, between which the answer of this rank lies; both 0 where none is remembered.
   *
   * @param ratio - 0.95: 95 % of the answers were no slower.
   */
  quantile(ratio: number, now: number): { readonly fromMs: number; readonly toMs: number } {
    const rank = ratio * this.count(now);
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += (this.#current[bucket] ?? 0) + (this.#before[bucket] ?? 0);
      if (seen > 0 && seen >= rank) {
        return { fromMs: bucket === 0 ? 0 : endOf(bucket - 1), toMs: endOf(bucket) };
      }
    }
    return { fromMs: 0, toMs: 0 };
  }

  #turn(now: number): void {
    const isNext = now < this.#endsAt + WINDOW_MS;
    const oldest = this.#before;
    this.#before = this.#current;
    this.#beforeCount = isNext ? this.#currentCount : 0;
    this.#current = oldest.fill(0);
    this.#currentCount = 0;
    if (!isNext) this.#before.fill(0);
    this.#endsAt = (Math.floor(now / WINDOW_MS) + 1) * WINDOW_MS;
  }
}

function bucketOf(ms: number): number {
  if (!(ms > FIRST_MS)) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms / FIRST_MS) * BUCKETS_PER_OCTAVE));
}

function endOf(bucket: number): number {
  return FIRST_MS * 2 ** (bucket / BUCKETS_PER_OCTAVE);
}
