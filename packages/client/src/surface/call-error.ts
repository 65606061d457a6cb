import { type Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';
import { type Outcome, type Reason, statusName } from '@micromesh/core';
import type { AttemptRecord } from '../call/attempt-record.js';
import type { Call, ClientCall } from '../call/client-call.js';

/** What a failed call says beyond a grpc-js error. */
export interface FailureFacts {
  /** Why the mesh ended it; `none` when a server did. */
  readonly reason: Reason;
  /** Each attempt that failed, in order. */
  readonly attempts: readonly AttemptRecord[];
  /** The reason with which the caller's signal was aborted, where that is an error of its own. */
  readonly cause?: unknown;
}

/** The error of a failed call: a grpc-js `ServiceError` that also says what was tried. */
export class CallError extends Error implements ServiceError, FailureFacts {
  override readonly name = 'CallError';
  readonly code: number;
  /** What the server said, or what the mesh says in its place. */
  readonly details: string;
  /** The server's trailers. */
  readonly metadata: Metadata;
  readonly reason: Reason;
  readonly attempts: readonly AttemptRecord[];

  constructor(
    failed: StatusObject & FailureFacts & { readonly message: string },
    options: ErrorOptions = failed,
  ) {
    super(failed.message, options);
    this.code = failed.code;
    this.details = failed.details;
    this.metadata = failed.metadata;
    this.reason = failed.reason;
    this.attempts = failed.attempts;
  }
}

/** The status of a failed call, with what grpc-js copies from it onto its own error. */
export function failedStatus(
  call: ClientCall,
  outcome: Outcome,
  now: number,
): StatusObject & FailureFacts & { readonly message: string } {
  return {
    code: outcome.code,
    details: outcome.details,
    metadata: outcome.trailers,
    reason: outcome.reason,
    attempts: call.records,
    message: messageOf(call, outcome, now),
    ...(outcome.cause === undefined ? {} : { cause: outcome.cause }),
  };
}

function messageOf(call: ClientCall, outcome: Outcome, now: number): string {
  const short = `${outcome.code} ${statusName(outcome.code)}: `;
  // What a server said, or the caller did, needs no further word; grpc-js has none either.
  const plain = outcome.origin === 'remote' || outcome.reason === 'cancelled';
  if (plain && call.attempts <= 1) return short + outcome.details;
  const method = methodOf(call);
  const attempts = call.attempts === 1 ? '1 attempt' : `${call.attempts} attempts`;
  const said = call.records.map(describe);
  const last = call.records[call.records.length - 1];
  if (last === undefined || last.detail !== outcome.details) said.push(outcome.details);
  return `${short}${method} failed after ${attempts} in ${Math.round(now - call.startedAt)} ms: ${said.join('; ')}`;
}

function describe(record: AttemptRecord): string {
  const { node, address, code, detail, delivery, ms } = record;
  return `${node} ${address} ${statusName(code)} ${detail} (${delivery}) ${ms} ms`;
}

function methodOf(call: Call): string {
  return call.method.path.startsWith('/') ? call.method.path.slice(1) : call.method.path;
}

/** OK without the one message that it must bring, as grpc-js reports it. */
export const NO_MESSAGE = { code: status.UNIMPLEMENTED, details: 'No message received' };
