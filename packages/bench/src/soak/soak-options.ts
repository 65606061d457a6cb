/** What a soak is made of. */
export interface SoakOptions {
  /** Calls in all. */
  readonly calls: number;
  /** hello nodes that run at any time, but for the moment between a kill and the next start. */
  readonly nodes: number;
  /** Calls in flight at once. */
  readonly concurrency: number;
  /** How long after one kill -9 the next comes. */
  readonly killEveryMs: number;
  /** How long after one sample of memory and handles the next is taken. */
  readonly sampleEveryMs: number;
}

/** A million calls; some six minutes on two cores. */
export const SOAK_DEFAULTS: SoakOptions = {
  calls: 1_000_000,
  nodes: 3,
  concurrency: 32,
  killEveryMs: 3_000,
  sampleEveryMs: 5_000,
};
