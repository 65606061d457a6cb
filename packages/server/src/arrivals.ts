/** What comes this much later than the promptest request of its series was held up on the way; its caller may have gone elsewhere. */
const LATE_MS = 200;
/** Two clocks may drift apart by as much: what was prompt an hour ago says less today. */
const DRIFT_RATIO = 2e-4;
/** Series that are remembered; one that is forgotten begins anew. */
const MAX_SERIES = 4096;

/** When a request came, as far as its stamp tells. */
export interface Arrival {
  /** Of its stamp. */
  readonly series: string;
  /** How much longer it took than the promptest request of its series; at least 0. */
  readonly heldUpMs: number;
  /** It is better asked for anew than begun. */
  readonly isLate: boolean;
}

interface Promptest {
  /** Between this process's clock and the client's. */
  readonly differenceMs: number;
  readonly cameAt: number;
}

/**
 * Tells how late requests come. A link that was down, or a socket that nobody read, gives requests late that their callers have long taken
 * elsewhere, and the word of that after them, if TCP still makes pauses, by a tenth of a second and more.
 */
export class Arrivals {
  /** By series; the one that was new last comes last. */
  readonly #promptest = new Map<string, Promptest>();

  /** @param stamp - `<series> <ms>`, as it came; anything else tells nothing. */
  read(stamp: string, now: number): Arrival | undefined {
    const space = stamp.indexOf(' ');
    const sentAt = Number(stamp.slice(space + 1));
    if (space < 1 || !Number.isFinite(sentAt)) return undefined;
    const series = stamp.slice(0, space);
    const promptest = this.#promptest.get(series);
    const differenceMs = now - sentAt;
    const heldUpMs = promptest === undefined ? 0 : differenceMs - expectedMs(promptest, now);
    if (heldUpMs > 0) return { series, heldUpMs, isLate: heldUpMs > LATE_MS };
    if (promptest === undefined && this.#promptest.size >= MAX_SERIES) this.#forgetOne();
    this.#promptest.set(series, { differenceMs, cameAt: now });
    return { series, heldUpMs: 0, isLate: false };
  }

  #forgetOne(): void {
    const [oldest] = this.#promptest.keys();
    if (oldest !== undefined) this.#promptest.delete(oldest);
  }
}

function expectedMs({ differenceMs, cameAt }: Promptest, now: number): number {
  return differenceMs + (now - cameAt) * DRIFT_RATIO;
}
