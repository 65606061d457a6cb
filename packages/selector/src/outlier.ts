/** When a connected node is taken out because it does worse than its peers. */
export interface OutlierSettings {
  /** Failures in a row that eject; default 5. */
  readonly consecutiveFailures: number;
  /** They must lie within this time; default 30,000. */
  readonly windowMs: number;
  /** And the node's failure share must be at least this many times that of its peers; default 2. */
  readonly peerFactor: number;
  /** The first ejection's length; each further one is longer by as much; default 30,000. */
  readonly baseEjectionMs: number;
  /** Default 300,000. */
  readonly maxEjectionMs: number;
  /** At most this share of the nodes is out at once, though one may always go; default 0.5. */
  readonly maxEjectedRatio: number;
}

/** The defaults table of the README. */
export const OUTLIER_DEFAULTS: OutlierSettings = {
  consecutiveFailures: 5,
  windowMs: 30_000,
  peerFactor: 2,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedRatio: 0.5,
};

const SLOTS = 6;

/**
 * What the attempts on one node came to lately. Counts are kept in six slots of a sixth of the window each, so that
 * old ones fall away without a timer.
 */
export class OutlierRecord {
  readonly #slotMs: number;
  readonly #calls = new Array<number>(SLOTS).fill(0);
  readonly #failures = new Array<number>(SLOTS).fill(0);
  #slot = 0;
  #inARow = 0;
  #rowStartedAt = 0;
  #ejections = 0;
  #healthySince = 0;

  constructor(private readonly settings: OutlierSettings) {
    this.#slotMs = settings.windowMs / SLOTS;
  }

  /** Takes note of an attempt that the node answered. */
  success(now: number): void {
    this.#turnTo(now);
    this.#add(this.#calls);
    this.#inARow = 0;
  }

  /** Takes note of an attempt that the node is to blame for. */
  failure(now: number): void {
    this.#turnTo(now);
    this.#add(this.#calls);
    this.#add(this.#failures);
    if (this.#inARow === 0 || now - this.#rowStartedAt > this.settings.windowMs) {
      this.#inARow = 0;
      this.#rowStartedAt = now;
    }
    this.#inARow++;
  }

  /** Failures in a row up to now. */
  get inARow(): number {
    return this.#inARow;
  }

  /** Attempts and failures within the window. */
  counts(now: number): { calls: number; failures: number } {
    this.#turnTo(now);
    return { calls: sum(this.#calls), failures: sum(this.#failures) };
  }

  /** Whether the node is to be ejected, given the attempts of all its peers together. */
  isOutlier(now: number, peers: { calls: number; failures: number }): boolean {
    if (this.#inARow < this.settings.consecutiveFailures) return false;
    const own = this.counts(now);
    const ownShare = own.failures / Math.max(1, own.calls);
    const peerShare = peers.failures / Math.max(1, peers.calls);
    return ownShare >= peerShare * this.settings.peerFactor;
  }

  /** Starts an ejection and says how long it lasts. */
  eject(now: number): number {
    const { baseEjectionMs, maxEjectionMs } = this.settings;
    if (this.#ejections > 0) {
      const healthyMs = Math.max(0, now - this.#healthySince);
      this.#ejections = Math.max(0, this.#ejections - Math.floor(healthyMs / baseEjectionMs));
    }
    this.#ejections++;
    return Math.min(maxEjectionMs, baseEjectionMs * this.#ejections);
  }

  /** Ends an ejection: the node starts without a row of failures, and its next ejection is longer for a while. */
  restore(now: number): void {
    this.#inARow = 0;
    this.#healthySince = now;
  }

  #add(slots: number[]): void {
    const index = this.#slot % SLOTS;
    slots[index] = (slots[index] ?? 0) + 1;
  }

  #turnTo(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    for (let next = Math.max(this.#slot + 1, slot - SLOTS + 1); next <= slot; next++) {
      this.#calls[next % SLOTS] = 0;
      this.#failures[next % SLOTS] = 0;
    }
    this.#slot = Math.max(this.#slot, slot);
  }
}

function sum(numbers: readonly number[]): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

/** How many of `nodes` may be ejected at once. */
export function maxEjected(nodes: number, settings: OutlierSettings): number {
  if (nodes <= 1) return 0;
  return Math.max(1, Math.floor(nodes * settings.maxEjectedRatio));
}
