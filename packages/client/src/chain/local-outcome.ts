import { Metadata } from '@grpc/grpc-js';
import type { Delivery, Outcome, Reason } from '@micromesh/core';

/** An outcome that no server gave. */
export function localOutcome(code: number, reason: Reason, delivery: Delivery, details: string): Outcome {
  return { code, details, trailers: new Metadata(), origin: 'local', delivery, reason };
}
