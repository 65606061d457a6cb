/** When a connected node is taken out because it does worse than its peers. */
export interface OutlierSettings {
  /** Failures in a row that eject; default 5, 0: off. */
  readonly consecutiveFailures: number;
  /** They must lie within this time, and the shares below are of it; default 30,000. */
  readonly windowMs: number;
  /** And the node's failure share must be at least this many times that of its peers; default 2. */
  readonly peerFactor: number;
  /** A failure share that ejects, in [0, 1], under the same condition; default 0: off. */
  readonly failureRatio: number;
  /** Attempts that a node must have had for `failureRatio`; default 20. */
  readonly minCalls: number;
  /**
   * Standard deviations below the mean success share of all nodes that eject, Envoy's `success_rate_stdev_factor` / 1000; default 0:
   * off, usual 1.9. One of n nodes can be sqrt(n - 1) below at most: 2 of five.
   */
  readonly stdevFactor: number;
  /** Nodes with `stdevMinCalls` attempts that there must be for `stdevFactor`; default 5. */
  readonly stdevMinNodes: number;
  /** Default 100. */
  readonly stdevMinCalls: number;
  /**
   * A node whose latest answers, within 2 s, mostly take this many times as long as its peers' slowest tenth is ejected; default 2, 0: off. That is:
   * three quarters of them (nine tenths within less than 1 s) take longer than the median of its peers' 90th percentiles times this, at most a tenth
   * of its peers' do, and more clearly so than chance would have it. It takes six slow answers or more, 0.2 s apart at least, and 20 of a peer:
   * below some ten calls a second a node, nobody is ejected for being slow; below some hundred, a node that is slow for half of its calls may be.
   * Successes count, and what was given up unanswered at a deadline or because a hedge was first, of calls that might have gone to any node: those with a hash key, or a version or labels to look for, go where they must.
   */
  readonly latencyFactor: number;
  /** And at least so much longer, in ms; default 50. */
  readonly latencyFloorMs: number;
  /**
   * Status codes that count against a node when its server answers them, e.g. `[13, 14]` for INTERNAL and UNAVAILABLE; default none: what
   * counts in any case is what no server says of itself, a refused or broken connection, silence, an attempt that was cut.
   */
  readonly countedCodes: readonly number[];
  /** The first ejection's length; each further one is longer by as much; default 30,000. */
  readonly baseEjectionMs: number;
  /** Default 300,000. */
  readonly maxEjectionMs: number;
  /** At most this share of the nodes is out at once, though one may always go; default 0.5. */
  readonly maxEjectedRatio: number;
  /**
   * Where fewer than this share of the nodes is connected and not ejected, ejections are ignored; in [0, 1], 0: never. Default 0.3: the last
   * healthy one of three is not left for a bad one, the last of ten is not left alone. Envoy's `healthy_panic_threshold` is 0.5, Istio's
   * `minHealthPercent` 0.
   */
  readonly panicRatio: number;
}

/** The defaults table of the README. */
export const OUTLIER_DEFAULTS: OutlierSettings = {
  consecutiveFailures: 5,
  windowMs: 30_000,
  peerFactor: 2,
  failureRatio: 0,
  minCalls: 20,
  stdevFactor: 0,
  stdevMinNodes: 5,
  stdevMinCalls: 100,
  latencyFactor: 2,
  latencyFloorMs: 50,
  countedCodes: [],
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedRatio: 0.5,
  panicRatio: 0.3,
};

/** How many of `nodes` may be ejected at once. */
export function maxEjected(nodes: number, settings: OutlierSettings): number {
  if (nodes <= 1) return 0;
  return Math.max(1, Math.floor(nodes * settings.maxEjectedRatio));
}
