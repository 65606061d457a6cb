import type { Metadata } from '@grpc/grpc-js';
import type { Logger, Method } from '@micromesh/core';
import type { ContextValues } from './context-values.js';

/** What a handler knows of its call, and how it says more than its response. Every member may be destructured. */
export interface HandlerContext {
  /** The method that was called. */
  readonly method: Method;
  /** What the caller sent. */
  readonly metadata: Metadata;
  /** `host:port` of the caller; `unknown` on a Unix socket or when it has gone. */
  readonly peer: string;
  /**
   * Which attempt of the caller this is, by its `grpc-previous-rpc-attempts`; 1 for the first. Attempts of callers further up count as
   * well: above 1 the work may have been begun before. What a handler calls then gets no retries of its own.
   */
  readonly attempt: number;
  /**
   * When the caller stops waiting; undefined when it never does. A caller that is no micromesh client must not ask for more than
   * 24.8 days: grpc-js 1.14 answers it DEADLINE_EXCEEDED before anybody else sees the call.
   */
  readonly deadline: Date | undefined;
  /** Milliseconds until the deadline, 0 when it has passed; Infinity without one. */
  readonly remainingMs: () => number;
  /**
   * Aborts when the caller has gone, the deadline has passed, or a drain has cut the call, while the handler works. It stays quiet after the handler
   * has settled, so work that goes on in the background is not cancelled by the end of the call.
   */
  readonly signal: AbortSignal;
  /**
   * Asks, before something is done that cannot be undone, whether anybody still waits for it. It costs nothing unless the
   * process was frozen since the handler began (or last asked); then one turn of the event loop is taken first, in which
   * cancellations that waited in the socket are read.
   *
   * @throws RpcError CANCELLED when the caller has gone, DEADLINE_EXCEEDED when the deadline has passed, UNAVAILABLE when a drain
   *   has cut the call.
   */
  readonly stillWanted: () => Promise<void>;
  /** Headers for the caller; sent before the first message, or by `sendHeader`. A call that fails before sends none. */
  readonly header: Metadata;
  /** Sends the headers now. Later changes to `header` are not sent. */
  readonly sendHeader: () => void;
  /** Trailers for the caller; sent with the status, also of a failed call. */
  readonly trailer: Metadata;
  /** The server's logger with the method and the peer on each line. */
  readonly log: Logger;
  /** Values that interceptors and the handler share. */
  readonly values: ContextValues;
}
