import type { Metadata } from '@grpc/grpc-js';

/** What a scripted node does with a request. */
export type ScriptedReply =
  /** Answers with these messages (bytes), OK. */
  | { readonly kind: 'answer'; readonly messages: readonly Buffer[]; readonly afterMs?: number }
  /** Answers with a status that is not OK. */
  | {
      readonly kind: 'status';
      readonly code: number;
      readonly details?: string;
      readonly trailers?: Metadata;
      readonly afterMs?: number;
    }
  /** The connection breaks, all its calls with it; `handled` says nothing to the client. */
  | { readonly kind: 'drop'; readonly afterMs?: number }
  /** Turns the stream away before it is handled. */
  | { readonly kind: 'refuse' }
  /** Says nothing, though the node lives. */
  | { readonly kind: 'silence' };

/** A request as a scripted node gets it. */
export interface RecordedAttempt {
  readonly nodeId: string;
  readonly path: string;
  readonly metadata: Metadata;
  /** Its authority; undefined: the node's own. */
  readonly host: string | undefined;
  /** When it came, on the test's clock. */
  readonly at: number;
  readonly messages: readonly Buffer[];
  /** The client has cancelled it. */
  readonly cancelled: boolean;
}

/** Decides what a node does with a request whose messages are all there. */
export type NodeScript = (attempt: RecordedAttempt) => ScriptedReply;

/** A request while a node is at it: the node's end of the wire. What is sent after the status, or to nobody, goes nowhere. */
export interface IncomingCall extends RecordedAttempt {
  /** No message follows those that have come. */
  readonly halfClosed: boolean;
  /** Takes the next message that has come; undefined: none is there. */
  take(): Buffer | undefined;
  /** Does what a script says, in place of all below. */
  reply(reply: ScriptedReply): void;
  /** Sends the response headers; without it empty ones go with the first message. */
  sendHeaders(metadata: Metadata): void;
  /** Sends a message. False: the client is behind, and {@link CallReceiver.onDrained} tells when it is not any more. */
  sendMessage(message: Buffer): boolean;
  /** Ends the call. */
  sendStatus(code: number, details: string, trailers: Metadata): void;
}

/** What a node does with one request, told as it comes. */
export interface CallReceiver {
  /** Messages have come, or their end. */
  onRequests(): void;
  /** The client has read on. */
  onDrained(): void;
  /** The client has cancelled, or the connection broke: nobody hears the answer. */
  onGone(): void;
}
