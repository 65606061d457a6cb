/** What a run is made of. */
export interface BenchOptions {
  /** Servers, all in one process of their own. */
  readonly nodes: number;
  /** Calls in flight at once. */
  readonly concurrency: number;
  /** How often the clients' processes are started anew: compiled code and memory fall differently each time. */
  readonly starts: number;
  /** In each round of a start every client makes calls for one slice. */
  readonly rounds: number;
  readonly sliceMs: number;
  /** Before the first round, so that the code is compiled. */
  readonly warmUpMs: number;
}

/** Some 45 s. */
export const BENCH_DEFAULTS: BenchOptions = {
  nodes: 3,
  concurrency: 16,
  starts: 2,
  rounds: 12,
  sliceMs: 250,
  warmUpMs: 1200,
};
