import type { z } from 'zod';
import { duration } from '../duration.js';
import { applied, message, notSupported } from '../field.js';
import { formed, integer, text } from '../leaves.js';
import { percent } from './percent.js';

/** gRPC's names of the statuses that a fault may end a call with. */
const GRPC_STATUSES =
  'CANCELLED|UNKNOWN|INVALID_ARGUMENT|DEADLINE_EXCEEDED|NOT_FOUND|ALREADY_EXISTS|PERMISSION_DENIED|RESOURCE_EXHAUSTED|FAILED_PRECONDITION|ABORTED|OUT_OF_RANGE|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS|UNAUTHENTICATED';

/** Calls that wait. */
export const delay = message('HTTPFaultInjection.Delay', {
  percent: notSupported(integer(0, 100), 'Istio has replaced it', 'write percentage: { value: ... }'),
  fixedDelay: applied(
    duration(),
    'how long the call waits before it is sent; its cancellation ends the wait',
    "the call's deadline goes on meanwhile, and ends the wait; Envoy's timeout begins after it",
  ),
  exponentialDelay: notSupported(duration(), 'Istio itself refuses it', 'write fixedDelay'),
  percentage: applied(percent, 'of the calls; silent: none'),
});

/** Calls that fail. */
export const abort = message('HTTPFaultInjection.Abort', {
  httpStatus: applied(
    integer(200, 599),
    "the call ends with the gRPC status that gRPC's table has for it: 503 is UNAVAILABLE, also to the words of `retryOn`",
  ),
  grpcStatus: applied(
    formed(
      new RegExp(`^(?:${GRPC_STATUSES})$`),
      'name of a gRPC status',
      'write it in capitals: UNAVAILABLE',
    ),
    'the name of the gRPC status that the call ends with',
  ),
  http2Error: notSupported(text(), 'Istio itself refuses it', 'write grpcStatus'),
  percentage: applied(percent, 'of the calls, drawn apart from the delay; silent: none'),
});

/** Faults that are made on purpose. */
export const httpFaultInjection = message('HTTPFaultInjection', {
  delay: applied(delay, 'calls that wait'),
  abort: applied(
    abort,
    'calls that fail without being sent',
    'before retries, as in Istio: a fault is neither retried nor counted; the annotation micromesh.io/fault-scope: attempt changes that',
  ),
});

/** Faults that are made on purpose. */
export type HttpFaultInjection = z.infer<typeof httpFaultInjection>;
