/** What comes this much later than the promptest request of its series was held up on the way; its caller may have gone elsewhere. */
const LATE_MS = 200;
/** Series that are remembered; one that is forgotten begins anew. */
const MAX_SERIES = 4096;

/** A request that came too late to be begun. */
export interface Lateness {
  /** Of the stamp that said so. */
  readonly series: string;
  readonly lateMs: number;
}

/**
 * Tells how late requests come. A link that was down, or a socket that nobody read, gives requests late that their callers have long taken
 * elsewhere, and the word of that after them, if TCP still makes pauses, by a tenth of a second and more.
 */
export class Arrivals {
  /** The smallest difference seen between this process's clock and the client's, by series; the one that was new last comes last. */
  readonly #leastMs = new Map<string, number>();

  /**
   * How late a request is, where that is too late to begin it.
   *
   * @param stamp - `<series> <ms>`, as it came; anything else is not late.
   */
  lateness(stamp: string, now: number): Lateness | undefined {
    const space = stamp.indexOf(' ');
    const sentAt = Number(stamp.slice(space + 1));
    if (space < 1 || !Number.isFinite(sentAt)) return undefined;
    const series = stamp.slice(0, space);
    const differenceMs = now - sentAt;
    const leastMs = this.#leastMs.get(series);
    if (leastMs === undefined || differenceMs < leastMs) {
      this.#keep(series, differenceMs, leastMs === undefined);
      return undefined;
    }
    const lateMs = differenceMs - leastMs;
    return lateMs > LATE_MS ? { series, lateMs } : undefined;
  }

  #keep(series: string, differenceMs: number, isNew: boolean): void {
    if (isNew && this.#leastMs.size >= MAX_SERIES) {
      const [oldest] = this.#leastMs.keys();
      if (oldest !== undefined) this.#leastMs.delete(oldest);
    }
    this.#leastMs.set(series, differenceMs);
  }
}
