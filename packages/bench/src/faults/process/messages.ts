import type { LedgerMethod } from '../service/ledger.js';

/** How a node answers from now on; all of it adds up. */
export interface NodeMode {
  /** Added to the time that a call works; default 0. */
  readonly slowerMs?: number;
  /** The share of calls that fail before they have an effect; default 0. */
  readonly failRatio?: number;
  /** With which status; default INTERNAL. */
  readonly failCode?: number;
}

/** What a node's process is asked for. */
export type NodeRequest =
  /** Listens, and enters itself into the registry if it was told to. */
  | { readonly type: 'serve' }
  | { readonly type: 'mode'; readonly mode: NodeMode }
  /** Blocks the event loop, and says afterwards since when. */
  | { readonly type: 'busy'; readonly ms: number };

/** What a client's process is asked for: calls at a fixed rate, each on time however long others take. */
export interface LoadRequest {
  readonly type: 'load';
  /** In turn; each has its share of the rate. */
  readonly methods: readonly LedgerMethod[];
  /** Calls a second. */
  readonly rate: number;
  /** By the machine's monotonic clock. */
  readonly beginMs: number;
  /** When the last call is started. */
  readonly endMs: number;
}

/** One call, as its client saw it; times by the machine's monotonic clock. */
export interface CallRecord {
  readonly method: LedgerMethod;
  readonly index: number;
  /** When it was meant to start. */
  readonly startMs: number;
  readonly endMs: number;
  /** The number of its status; -1: it had not ended when the load was over. */
  readonly code: number;
  /** What was said of a failure. */
  readonly detail?: string;
}

/** What the processes of a run say. */
export type Report =
  | { readonly type: 'serving'; readonly id: string; readonly address: string }
  | { readonly type: 'ready' }
  | { readonly type: 'stood'; readonly fromMs: number }
  | { readonly type: 'calls'; readonly calls: readonly CallRecord[] }
  | { readonly type: 'failed'; readonly error: string };
