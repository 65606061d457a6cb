/** What a retry storm is made of; times are of the fake clock. */
export interface StormSetting {
  /** Of chance; equal seeds give equal runs. */
  readonly seed: number;
  /** How long calls come. */
  readonly durationMs: number;
  /** New calls as a share of what stock can do. They come at random instants, whatever becomes of those before (open loop). */
  readonly loadRatio: number;
  /** Deadline of a call, the same for both hops. */
  readonly timeoutMs: number;
  /** Further attempts after the first, at each of the two hops. */
  readonly retries: number;
  /** Of front, and of stock. */
  readonly nodes: number;
  /** How many requests a node of stock works on at once. */
  readonly workers: number;
  /** How long a worker is at a request. */
  readonly workMs: number;
  /** How many requests may wait at a node of stock; it refuses further ones at once, with UNAVAILABLE. */
  readonly queue: number;
  /** Whether a node of stock drops requests that wait when their caller has gone; a plain server does not. */
  readonly dropsAbandoned: boolean;
  /** From here on half of stock's workers stand still. */
  readonly faultFromMs: number;
  /** From here on all of them work again. */
  readonly faultToMs: number;
}

/**
 * Full load for a service that is planned with room for its callers' retry budget: 80 % and a fifth of it are 96 % of the
 * capacity. Half of the capacity for 10 s then fills the queues, whose 1.3 s are longer than any caller waits.
 */
export const STORM_DEFAULTS: StormSetting = {
  seed: 1,
  durationMs: 45_000,
  loadRatio: 0.8,
  timeoutMs: 1000,
  retries: 3,
  nodes: 4,
  workers: 8,
  workMs: 80,
  queue: 128,
  dropsAbandoned: false,
  faultFromMs: 10_000,
  faultToMs: 20_000,
};

/** Requests a second that stock can do with all workers. */
export function capacityPerSecond({ nodes, workers, workMs }: StormSetting): number {
  return (nodes * workers * 1000) / workMs;
}
