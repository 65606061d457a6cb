import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import type { Delivery, Outcome, Reason } from '@micromesh/core';

interface LocalCause {
  readonly details: RegExp;
  readonly reason: Reason;
  readonly delivery: Delivery;
  /** The code to give instead of grpc-js's own, where that misleads. */
  readonly code?: number;
}

/**
 * What grpc-js says of an attempt that no server ended. It tells only by text whether a request left the process;
 * `grpc-js-outcome-*.test.ts` provoke each against the installed version.
 */
const LOCAL_CAUSES: readonly LocalCause[] = [
  { details: /^No connection established/, reason: 'connect', delivery: 'unsent' },
  { details: /^Channel closed before call started/, reason: 'connect', delivery: 'unsent' },
  // The session died between the pick and the first frame; INTERNAL would hide that it is a matter of connection.
  {
    details: /^Failed to start HTTP\/2 stream/,
    reason: 'connect',
    delivery: 'unsent',
    code: status.UNAVAILABLE,
  },
  // RFC 9113, 8.7: REFUSED_STREAM says that nothing was processed.
  { details: /^Stream refused by server/, reason: 'refused', delivery: 'unsent' },
  { details: /^Connection dropped/, reason: 'dropped', delivery: 'unknown' },
  // The server has ended the stream with OK while the client still wrote, and grpc-js puts this in the place of its status.
  { details: /^Write error: write after end/, reason: 'protocol', delivery: 'answered' },
  { details: /^Write (error|failed)/, reason: 'dropped', delivery: 'unknown', code: status.UNAVAILABLE },
  { details: /ECONNRESET|ETIMEDOUT|EPIPE/, reason: 'dropped', delivery: 'unknown' },
  // A reset that we did not send: Node makes CANCEL out of a connection that breaks.
  { details: /^Call cancelled$/, reason: 'dropped', delivery: 'unknown', code: status.UNAVAILABLE },
  { details: /^Attempted to send message with a size/, reason: 'protocol', delivery: 'unsent' },
  { details: /^Received RST_STREAM with code/, reason: 'protocol', delivery: 'unknown' },
  // Something on the way that is no gRPC server; who knows what it has passed on.
  { details: /^Received HTTP status code/, reason: 'protocol', delivery: 'unknown' },
];

/** What is known of an attempt besides its status. */
export interface AttemptFacts {
  /** The response headers, if they came before the status. */
  readonly headers: Metadata | undefined;
  /** Whether the connection still stands. */
  readonly connected: boolean;
}

/** Reads the status that a grpc-js call ended with. */
export function toOutcome(ended: StatusObject, facts: AttemptFacts): Outcome {
  const { details } = ended;
  // gRPC's rule for a status that is no number.
  const code = Number.isInteger(ended.code) ? ended.code : status.UNKNOWN;
  const trailers = ended.metadata ?? new Metadata();
  // A server's status arrives in an HTTP/2 header block: either after headers, or with a content-type of its own. Text
  // alone would not do: a server may pass on, as its own answer, what its grpc-js said of another connection.
  if (code === status.OK || isGrpc(trailers)) return answered(code, details, trailers);
  // Read only here: a success needs neither.
  const { headers, connected } = facts;
  const begun = headers !== undefined && isGrpc(headers);
  const cause = LOCAL_CAUSES.find((each) => each.details.test(details));
  // After headers, words about the connection are a server's own where the connection stands. To take them for ours would
  // run again what was answered.
  const own = cause !== undefined && !(begun && connected && cause.reason !== 'protocol');
  if (!own && begun) return answered(code, details, trailers);
  return {
    code: cause?.code ?? code,
    details,
    trailers,
    origin: 'local',
    delivery: begun && cause?.delivery === 'unsent' ? 'unknown' : (cause?.delivery ?? 'unknown'),
    reason: cause?.reason ?? 'protocol',
  };
}

function isGrpc(metadata: Metadata): boolean {
  return String(metadata.get('content-type')[0] ?? '').startsWith('application/grpc');
}

function answered(code: number, details: string, trailers: Metadata): Outcome {
  return { code, details, trailers, origin: 'remote', delivery: 'answered', reason: 'none' };
}
