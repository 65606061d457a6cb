import { Metadata, status } from '@grpc/grpc-js';
import { MESH_REASON, messageOf } from '@micromesh/core';
import { isErrorCode, RpcError } from './rpc-error.js';
import { removeReserved } from './sendable-metadata.js';

/** How a failed call is answered. */
export interface ReplyStatus {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
  /** Whether the handler chose the status; otherwise it is a bug, and is logged. */
  readonly chosen: boolean;
}

/** The longest `details` that is sent: longer ones overflow what peers take as trailers. */
const MAX_DETAILS = 4096;

/**
 * The status for what a handler threw: its own numeric gRPC `code` with `details` (else the message) and `metadata`;
 * anything else is UNKNOWN with the message. Where the mesh ended a call of the handler's own, a trailer says that the words are the mesh's.
 *
 * @param trailer - what the handler has put into `context.trailer`.
 */
export function replyTo(error: unknown, trailer: Metadata | undefined): ReplyStatus {
  const metadata = trailer ?? new Metadata();
  if (!hasErrorCode(error)) {
    return { code: status.UNKNOWN, details: sendable(messageOf(error)), metadata, chosen: false };
  }
  if (error.metadata instanceof Metadata) {
    const own = error.metadata.clone();
    if (!(error instanceof RpcError)) {
      // The error of a downstream call: how long its caller is to wait, and that it was one too many, is no word to ours, and the names of its transport are no bug.
      own.remove('grpc-retry-pushback-ms');
      own.remove('x-envoy-ratelimited');
      removeReserved(own);
    }
    metadata.merge(own);
  }
  const reason = meshReason(error);
  if (reason !== undefined && metadata.get(MESH_REASON).length === 0) metadata.set(MESH_REASON, reason);
  const details = typeof error.details === 'string' ? error.details : messageOf(error);
  return { code: error.code, details: sendable(details), metadata, chosen: true };
}

interface CodedError {
  readonly code: number;
  readonly details?: unknown;
  readonly metadata?: unknown;
}

function hasErrorCode(error: unknown): error is CodedError {
  return typeof error === 'object' && error !== null && 'code' in error && isErrorCode(error.code);
}

/** Why the mesh ended the call whose `CallError` it is, which this package does not know; undefined: it is none, or the words are a server's. */
function meshReason(error: object): string | undefined {
  if (!(error instanceof Error) || error.name !== 'CallError' || !('reason' in error)) return undefined;
  return typeof error.reason === 'string' && error.reason !== 'none' ? error.reason : undefined;
}

function sendable(details: string): string {
  const bounded = details.length > MAX_DETAILS ? `${details.slice(0, MAX_DETAILS - 1)}…` : details;
  // grpc-js calls encodeURI on it, which throws at half a surrogate pair; a trip through UTF-8 mends those.
  return Buffer.from(bounded, 'utf8').toString('utf8');
}
