import type { CallCredentials, Metadata } from '@grpc/grpc-js';
import type { Outcome, ServiceNode } from '@micromesh/core';

/**
 * What a connection is: `connecting` until it was ready once, and while it is made anew after it had nothing to do; `failed` while it is
 * refused, broken or timed out and tries again by itself.
 */
export type ConnectionState = 'connecting' | 'ready' | 'failed';

/** What one attempt puts on the wire before its messages. */
export interface WireRequest {
  /** `/hello.v1.Hello/Anything` */
  readonly path: string;
  /** Of this attempt alone: the transport may keep it. */
  readonly metadata: Metadata;
  /** The `:authority` of the call; undefined: the node's own. */
  readonly host: string | undefined;
  readonly credentials: CallCredentials | undefined;
}

/** Hears what comes back. After `onEnd`, nothing. */
export interface WireListener {
  onHeaders(metadata: Metadata): void;
  onMessage(message: Buffer): void;
  onEnd(outcome: Outcome): void;
}

/** One call on one connection. */
export interface WireCall {
  /** Writes one message; the next is written after `written`. */
  send(message: Buffer, flags: number, written: (() => void) | undefined): void;
  /** Says that no message follows the last one. */
  halfClose(): void;
  /** Asks for one message. */
  read(): void;
  /** Ends the call on the wire; `onEnd` may still come and is not waited for. */
  cancel(): void;
  /** The peer's address, as gRPC writes it. */
  peer(): string;
}

/** The connection to one instance. */
export interface Connection {
  readonly state: ConnectionState;
  /** Starts a call; only a ready connection is handed one. */
  call(request: WireRequest, listener: WireListener): WireCall;
  close(): void;
}

/** What an operator says of a connection; it counts more than what code says. */
export interface ConnectionSettings {
  /** Undefined: nothing is said. */
  readonly connectTimeoutMs: number | undefined;
  /** PING frames, be there calls or none; undefined: nothing is said. */
  readonly keepalive: { readonly intervalMs: number; readonly timeoutMs: number } | undefined;
  /** After so long without calls it is closed, and made anew at once; 0: never. */
  readonly idleTimeoutMs: number;
}

/** An operator's word on the connections to a service, as it is when one is made. */
export interface ConnectionPolicy {
  /** Resolves when the word is known; undefined: it is. */
  readonly ready: Promise<void> | undefined;
  /** Undefined: nothing is said. */
  readonly settings: ConnectionSettings | undefined;
}

/** How bytes get to a node: grpc-js today, in memory for tests. */
export interface Transport {
  /** Whether what is sent is encrypted, so that per-call credentials may go along. */
  readonly secure: boolean;
  /**
   * Opens a connection that keeps itself up until it is closed.
   *
   * @param onState - hears each change, with its cause in words.
   * @param settings - an operator's; default: there are none.
   */
  connect(
    node: ServiceNode,
    onState: (state: ConnectionState, cause: string) => void,
    settings?: ConnectionSettings,
  ): Connection;
}
