import { type AttemptCounts, AttemptWindow } from './attempt-window.js';
import { type NodeFigures, RULES_AT_ONCE, RULES_FROM_TIME_TO_TIME, type Suspicion } from './outlier-rules.js';
import type { OutlierSettings } from './outlier-settings.js';

/** What the 90 in `p90` is. */
const SLOW_QUANTILE = 0.9;

/** The figures of all nodes are compared this often a window: once a second by default. */
const COMPARISONS_PER_WINDOW = 30;

/** What the attempts on one node came to lately, and its ejections. */
export class OutlierRecord implements NodeFigures {
  readonly #settings: OutlierSettings;
  readonly #window: AttemptWindow;
  #inARow = 0;
  #rowStartedAt = 0;
  #comparedAt = Number.NEGATIVE_INFINITY;
  #ejected = false;
  #ejections = 0;
  #healthySince = 0;

  constructor(settings: OutlierSettings) {
    this.#settings = settings;
    this.#window = new AttemptWindow(settings.windowMs, settings.latencyFactor > 0);
  }

  /**
   * Takes note of an attempt that the node answered.
   *
   * @param latencyMs - until the answer, or the first message of a stream; undefined where it is not known.
   */
  success(now: number, latencyMs?: number): void {
    this.#window.addSuccess(now, latencyMs);
    this.#inARow = 0;
  }

  /** Takes note of an attempt that the node is to blame for. */
  failure(now: number): void {
    this.#window.addFailure(now);
    if (this.#inARow === 0 || now - this.#rowStartedAt > this.#settings.windowMs) {
      this.#inARow = 0;
      this.#rowStartedAt = now;
    }
    this.#inARow++;
  }

  /** Failures in a row up to now. */
  get inARow(): number {
    return this.#inARow;
  }

  /** Whether the last {@link eject} has not been ended by {@link restore}. */
  get isEjected(): boolean {
    return this.#ejected;
  }

  /** Attempts and failures within the window. */
  counts(now: number): AttemptCounts {
    return this.#window.counts(now);
  }

  /** 90th percentile of successes within the window, in ms; undefined without one, or where `latencyFactor` is off. */
  slowMs(now: number): number | undefined {
    return this.#window.latencyQuantile(now, SLOW_QUANTILE);
  }

  /**
   * Why the node is to be ejected: `5 failures in a row`, `62 % of 48 calls failed, peers 1 %`; undefined: it is not. To be asked after each
   * attempt, whatever it came to.
   *
   * @param peers - gives the records of all other nodes; called only where the node's own figures leave it open.
   */
  outlierCause(now: number, peers: () => readonly NodeFigures[]): string | undefined {
    const suspicion: Suspicion = { now, own: this, peers, settings: this.#settings };
    for (const rule of RULES_AT_ONCE) {
      const cause = rule(suspicion);
      if (cause !== undefined) return cause;
    }
    return this.#isTimeToCompare(now) ? this.#compare(suspicion) : undefined;
  }

  #compare(suspicion: Suspicion): string | undefined {
    this.#comparedAt = suspicion.now;
    for (const rule of RULES_FROM_TIME_TO_TIME) {
      const cause = rule(suspicion);
      if (cause !== undefined) return cause;
    }
    return undefined;
  }

  #isTimeToCompare(now: number): boolean {
    const { stdevFactor, latencyFactor, windowMs } = this.#settings;
    if (stdevFactor === 0 && latencyFactor === 0) return false;
    return now - this.#comparedAt >= windowMs / COMPARISONS_PER_WINDOW;
  }

  /** Starts an ejection and says how long it lasts. */
  eject(now: number): number {
    const { baseEjectionMs, maxEjectionMs } = this.#settings;
    if (this.#ejections > 0) {
      const healthyMs = Math.max(0, now - this.#healthySince);
      this.#ejections = Math.max(0, this.#ejections - Math.floor(healthyMs / baseEjectionMs));
    }
    this.#ejected = true;
    this.#ejections++;
    return Math.min(maxEjectionMs, baseEjectionMs * this.#ejections);
  }

  /** Ends an ejection: the node starts with a clean record, and its next ejection is longer for a while. */
  restore(now: number): void {
    this.#ejected = false;
    this.#window.clear();
    this.#inARow = 0;
    this.#healthySince = now;
  }
}
