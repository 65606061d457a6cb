import { type AttemptCounts, AttemptWindow } from './attempt-window.js';
import { BUCKET_RATIO, LATENCY_SLOT_MS, LatencyWindow } from './latency-window.js';
import {
  latenciesOf,
  type NodeFigures,
  RULES_AT_ONCE,
  RULES_FROM_TIME_TO_TIME,
  RULES_OF_LATENCY,
  type Rule,
  type Suspicion,
} from './outlier-rules.js';
import type { OutlierSettings } from './outlier-settings.js';
import { Pace } from './pace.js';
import { p90Of, slowLimitMs } from './slower-than-peers.js';

/** The figures of all nodes are compared this often a window: once a second by default. */
const COMPARISONS_PER_WINDOW = 30;

/** The first answers of a node that starts, or is used again, tell how cold it is. */
const COLD_ANSWERS = 10;

/** What the attempts on one node came to lately, and its ejections. */
export class OutlierRecord implements NodeFigures {
  readonly #settings: OutlierSettings;
  readonly #window: AttemptWindow;
  /** Attempts that ended as those on a node do that has too much to do. */
  readonly #strains: AttemptWindow;
  /** How long its answers took lately; undefined where `latencyFactor` is off. */
  readonly latencies: LatencyWindow | undefined;
  #inARow = 0;
  #rowStartedAt = 0;
  readonly #comparing: Pace;
  readonly #timing = new Pace(LATENCY_SLOT_MS);
  #coldAnswers = COLD_ANSWERS;
  #ejected = false;
  /** From where on its peers are so slow that they miss this node, which was found to be slow; undefined: it was not. */
  #missedAboveMs: number | undefined;
  #ejections = 0;
  #healthySince = 0;

  constructor(settings: OutlierSettings) {
    this.#settings = settings;
    this.#window = new AttemptWindow(settings.windowMs);
    this.#strains = new AttemptWindow(settings.windowMs);
    this.latencies = settings.latencyFactor > 0 ? new LatencyWindow() : undefined;
    const compares = settings.stdevFactor > 0;
    this.#comparing = new Pace(
      compares ? settings.windowMs / COMPARISONS_PER_WINDOW : Number.POSITIVE_INFINITY,
    );
  }

  /**
   * Takes note of an attempt that the node answered.
   *
   * @param latencyMs - until the answer, or the first message of a stream; undefined where it is not known, or not to be compared with other
   * nodes'.
   */
  success(now: number, latencyMs?: number): void {
    this.#window.addSuccess(now);
    this.#inARow = 0;
    if (latencyMs === undefined) return;
    if (this.#coldAnswers > 0) this.#coldAnswers--;
    else this.latencies?.add(now, latencyMs);
  }

  /** Takes note of an attempt that ended as one on a node does that has too much to do: no answer until the deadline, or a refusal. */
  strain(now: number): void {
    this.#strains.addFailure(now);
  }

  /** Those of {@link strain} within the window. */
  strains(now: number): number {
    return this.#strains.counts(now).failures;
  }

  /**
   * Takes note of an attempt that was given up before an answer came, at its deadline or because another was first: no failure, since
   * little time may have been left to it, but slower than that where the peers would have answered long before.
   *
   * @param waitedMs - from its start.
   */
  noAnswer(now: number, waitedMs: number, peers: () => readonly NodeFigures[]): void {
    if (this.latencies === undefined || waitedMs <= this.#settings.latencyFloorMs) return;
    const limitMs = slowLimitMs(latenciesOf(peers()), now, this.#settings);
    if (limitMs === undefined || waitedMs * BUCKET_RATIO <= limitMs) return;
    if (this.#coldAnswers > 0) this.#coldAnswers--;
    else this.latencies.add(now, Math.max(waitedMs, limitMs) * BUCKET_RATIO);
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

  /**
   * Why the node is to be ejected: `5 failures in a row`, `62 % of 48 calls failed, peers 1 %`; undefined: it is not. To be asked after each
   * attempt, whatever it came to.
   *
   * @param peers - gives the records of all other nodes; called only where the node's own figures leave it open.
   */
  outlierCause(now: number, peers: () => readonly NodeFigures[]): string | undefined {
    const suspicion: Suspicion = { now, own: this, peers, settings: this.#settings };
    this.#missedAboveMs = undefined;
    const cause =
      firstCause(RULES_AT_ONCE, suspicion) ??
      (this.#comparing.isTime(now) ? firstCause(RULES_FROM_TIME_TO_TIME, suspicion) : undefined);
    if (cause !== undefined || !this.#timing.isTime(now)) return cause;
    const slow = firstCause(RULES_OF_LATENCY, suspicion);
    if (slow !== undefined) this.#missedAboveMs = this.#missedAbove(now, peers());
    return slow;
  }

  /** Half as slow as the node, and slow by its peers' own measure: what one busy moment makes of them does not count. */
  #missedAbove(now: number, peers: readonly NodeFigures[]): number {
    const limitMs = slowLimitMs(latenciesOf(peers), now, this.#settings) ?? 0;
    return Math.max(limitMs, (this.latencies?.p90(now) ?? 2 * limitMs) / 2);
  }

  /** Whether the last cause was that the node is slow. */
  get wasSlow(): boolean {
    return this.#missedAboveMs !== undefined;
  }

  /**
   * Whether the peers have become half as slow as the node was that was ejected for being slow: they lack it, and with it out there are ever fewer to
   * do the work.
   */
  isMissed(now: number, peers: () => readonly NodeFigures[]): boolean {
    if (this.#missedAboveMs === undefined) return false;
    const p90 = p90Of(latenciesOf(peers()), now);
    return p90 !== undefined && p90 > this.#missedAboveMs;
  }

  /** Starts an ejection and says how long it lasts. */
  eject(now: number): number {
    const { baseEjectionMs, maxEjectionMs } = this.#settings;
    // One that goes on was not healthy meanwhile.
    if (this.#ejections > 0 && !this.#ejected) {
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
    this.latencies?.clear();
    this.#coldAnswers = COLD_ANSWERS;
    this.#inARow = 0;
    this.#healthySince = now;
  }
}

function firstCause(rules: readonly Rule[], suspicion: Suspicion): string | undefined {
  for (const rule of rules) {
    const cause = rule(suspicion);
    if (cause !== undefined) return cause;
  }
  return undefined;
}
