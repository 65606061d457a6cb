/** CPU a call in two slices that followed each other, in microseconds: all threads, user and system. */
export interface Pair {
  readonly withoutUs: number;
  readonly withUs: number;
}

/** How pairs are measured. */
export interface PairOptions {
  /** Slices of each kind. */
  readonly pairs: number;
  readonly sliceMs: number;
  /** Before the first pair, of each kind, so that the code is compiled. */
  readonly warmUpCalls: number;
}

/** What a process that measures says. */
export type PairReport =
  | { readonly type: 'pairs'; readonly pairs: readonly Pair[] }
  | { readonly type: 'failed'; readonly error: string };
