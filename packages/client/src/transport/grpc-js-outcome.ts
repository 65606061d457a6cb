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
 * `grpc-js-outcome.test.ts` provokes each against the installed version.
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
  { details: /^Write (error|failed)/, reason: 'dropped', delivery: 'unknown', code: status.UNAVAILABLE },
  { details: /ECONNRESET|ETIMEDOUT|EPIPE/, reason: 'dropped', delivery: 'unknown' },
  // A reset that we did not send: Node makes CANCEL out of a connection that breaks.
  { details: /^Call cancelled$/, reason: 'dropped', delivery: 'unknown', code: status.UNAVAILABLE },
  { details: /^Attempted to send message with a size/, reason: 'protocol', delivery: 'unsent' },
];

/**
 * Reads the status that a grpc-js call ended with.
 *
 * @param sawHeaders - whether response headers came before it.
 */
export function toOutcome(ended: StatusObject, sawHeaders: boolean): Outcome {
  const { code, details } = ended;
  const trailers = ended.metadata ?? new Metadata();
  // A server's status arrives in an HTTP/2 header block: either after headers, or with a content-type of its own. Text
  // alone would not do: a server may pass on, as its own answer, what its grpc-js said of another connection.
  if (code === status.OK || trailers.get('content-type').length > 0) return answered(code, details, trailers);
  for (const cause of LOCAL_CAUSES) {
    if (!cause.details.test(details)) continue;
    return {
      code: cause.code ?? code,
      details,
      trailers,
      origin: 'local',
      delivery: sawHeaders ? 'unknown' : cause.delivery,
      reason: cause.reason,
    };
  }
  if (sawHeaders) return answered(code, details, trailers);
  return { code, details, trailers, origin: 'local', delivery: 'unknown', reason: 'protocol' };
}

function answered(code: number, details: string, trailers: Metadata): Outcome {
  return { code, details, trailers, origin: 'remote', delivery: 'answered', reason: 'none' };
}
