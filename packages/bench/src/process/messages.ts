/** What a slice of one client's calls came to. */
export interface Slice {
  readonly calls: number;
  readonly elapsedMs: number;
  /** Of the whole process, all threads, user and system. */
  readonly cpuMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Asks a client's process for a slice. */
export interface SliceRequest {
  readonly type: 'run';
  readonly ms: number;
  /** Calls in flight at once. */
  readonly concurrency: number;
}

/** What the processes of a run say. */
export type Report =
  | { readonly type: 'serving'; readonly addresses: readonly string[] }
  | { readonly type: 'ready' }
  | { readonly type: 'slice'; readonly slice: Slice }
  | { readonly type: 'failed'; readonly error: string };
