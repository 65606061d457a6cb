import { Metadata, status } from '@grpc/grpc-js';
import { DIRECT_RESPONSE, MESH_REASON, statusName } from '@micromesh/core';
import { GatewayError } from './gateway-error.js';
import type { RequestRule } from './request-rule.js';

/** A call that failed, as the mesh throws it. */
interface CallFailure extends Error {
  readonly code: number;
  readonly details: string;
  /** Why the mesh ended the call; `none` when a server did. */
  readonly reason?: unknown;
  /** The trailers. */
  readonly metadata?: unknown;
}

/** What clients are told where the mesh ended their call: its own words name addresses, the registry and resources. */
const PLAIN_WORDS: Readonly<Record<number, string>> = {
  [status.CANCELLED]: 'the request was cancelled',
  [status.DEADLINE_EXCEEDED]: 'the service did not answer in time',
  [status.RESOURCE_EXHAUSTED]: 'there are too many requests now; try again later',
  [status.UNIMPLEMENTED]: 'the service does not do this',
  [status.UNAVAILABLE]: 'the service cannot be reached now; try again later',
};

/** Also where something answered that is no gRPC, which has codes for reasons of its own. */
const OTHER_WORDS = 'the call failed';

/** Whose words are for clients: a server's own, and an operator's. */
const FOR_CLIENTS = ['none', DIRECT_RESPONSE];

/**
 * What the client is told of a call that failed: the words of a server or of an operator, else, where the mesh ended it or one that a server
 * made for it, the status in plain ones, and the whole is for the log. What is no failure of a call is given back as it is.
 *
 * @param path - of the method: `/hello.v1.Hello/Anything`.
 * @param rule - that took the request: it may say with which HTTP status it ends calls on purpose.
 */
export function callError(error: unknown, path: string, rule?: RequestRule): unknown {
  if (!isCallFailure(error)) return error;
  const { code, details, message } = error;
  const reason = reasonOf(error);
  if (FOR_CLIENTS.includes(reason)) return new GatewayError(code, details);
  const isOdd = reason === 'protocol' && code !== status.UNAVAILABLE;
  const plain = isOdd ? OTHER_WORDS : (PLAIN_WORDS[code] ?? OTHER_WORDS);
  // A client that goes is no failure.
  const inside =
    error.reason === 'cancelled' ? undefined : { reason, status: statusName(code), subject: path, message };
  return new GatewayError(code, plain, abortStatus(error, rule), inside);
}

/** Why the mesh ended it, here or behind the server that was called. */
function reasonOf({ reason = 'none', metadata }: CallFailure): string {
  const [said] = metadata instanceof Metadata ? metadata.get(MESH_REASON) : [];
  return String(said ?? reason);
}

/** The HTTP status with which a rule ends calls on purpose, where it says one and has ended this one. */
function abortStatus({ code, reason }: CallFailure, taken: RequestRule | undefined): number | undefined {
  const abort = taken?.rule.fault?.abort;
  return reason === 'fault' && code === abort?.code ? abort.httpStatus : undefined;
}

function isCallFailure(error: unknown): error is CallFailure {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'number' &&
    'details' in error &&
    typeof error.details === 'string'
  );
}
