import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { Clock, Logger, ServiceKey } from '@micromesh/core';
import type { ActiveCalls } from './active-calls.js';
import type { Arrivals } from './arrivals.js';
import type { ServeCall } from './interceptor.js';
import type { LoadLimits } from './limits/load-limits.js';
import type { PolicyLimits } from './limits/policy-limits.js';
import type { StallDetector } from './stall-detector.js';

/** What all calls of one server share. */
export interface CallRoom {
  readonly service: ServiceKey;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stalls: Pick<StallDetector, 'stalls' | 'unsettled'>;
  readonly active: ActiveCalls;
  /** How late requests come; left out: nothing is known of it. */
  readonly arrivals?: Arrivals;
  /** Left out: every call is taken. */
  readonly limits?: LoadLimits;
  /** The operator's; left out: there are no policies. */
  readonly policyLimits?: PolicyLimits;
  /** The interceptors, with the handler innermost. */
  readonly serve: ServeCall;
}

/** What grpc-js's four kinds of server calls have in common. */
export interface Surface
  extends Pick<ServerUnaryCall<unknown, Buffer>, 'metadata' | 'getPeer' | 'getDeadline' | 'sendMetadata'> {
  /** When the caller stops waiting, on the mesh's clock, where the surface knows it; else `getDeadline` tells. */
  readonly deadlineAt?: number;
  on(event: 'cancelled', listener: () => void): unknown;
}
