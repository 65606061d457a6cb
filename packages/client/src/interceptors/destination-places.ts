import { status } from '@grpc/grpc-js';
import type { Outcome } from '@micromesh/core';
import type { PlannedCall } from '../call/client-call.js';
import type { Interceptor } from '../chain/interceptor.js';
import { localOutcome } from '../chain/local-outcome.js';

/**
 * Refuses calls beyond those that an operator lets be under way to a destination at a time: at once, finally and as Envoy does, UNAVAILABLE. The
 * calls of all clients count together, each from here to its end.
 */
export function destinationPlaces(): Interceptor<PlannedCall> {
  return (next) =>
    function destinationPlaces(call) {
      const { places } = call.to;
      if (places === undefined) return next(call);
      if (!places.tryEnter()) return Promise.resolve(full(call));
      return next(call).then((outcome) => {
        places.leave();
        return outcome;
      });
    };
}

function full({ to, plan }: PlannedCall): Outcome {
  const max = to.places?.max ?? 0;
  const { resource = '', path = '' } = plan.way?.traffic.connectionPool?.maxRequests?.origin ?? {};
  const details = `${max} call${max === 1 ? '' : 's'} to ${to.name} ${max === 1 ? 'is' : 'are'} under way, and no more may be (${resource} ${path})`;
  return localOutcome(status.UNAVAILABLE, 'concurrency', 'unsent', details);
}
