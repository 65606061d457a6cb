import { Metadata, status } from '@grpc/grpc-js';
import type { Delivery, Outcome, Reason } from '@micromesh/core';

/** An outcome that no server gave. */
export function localOutcome(code: number, reason: Reason, delivery: Delivery, details: string): Outcome {
  return { code, details, trailers: new Metadata(), origin: 'local', delivery, reason };
}

/** What an attempt comes to that another one of its call has made needless. */
export function supersededOutcome(delivery: Delivery): Outcome {
  return localOutcome(status.CANCELLED, 'superseded', delivery, 'another attempt of the call was first');
}
