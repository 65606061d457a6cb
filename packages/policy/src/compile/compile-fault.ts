import { status } from '@grpc/grpc-js';
import type { ResourcePlace, Sourced } from '../origin/resource-place.js';
import type { FaultAbort, FaultDelay, FaultRule } from '../route/fault-rule.js';
import { grpcStatusOfHttp } from '../route/http-status.js';
import type { HttpFaultInjection } from '../schema/virtual-service/fault.js';
import { type Percent, percentRatio } from '../schema/virtual-service/percent.js';

/** The faults of a rule; a percentage that is silent hits nobody, as in Istio. */
export function compileFault({ delay, abort }: HttpFaultInjection, place: ResourcePlace): FaultRule {
  return {
    origin: place.origin(),
    delay: delay === undefined ? undefined : compileDelay(delay, place.at('delay')),
    abort: abort === undefined ? undefined : compileAbort(abort, place.at('abort')),
  };
}

function compileDelay(
  { fixedDelay, percentage }: NonNullable<HttpFaultInjection['delay']>,
  place: ResourcePlace,
): FaultDelay | undefined {
  if (fixedDelay === undefined) return undefined;
  return { delayMs: fixedDelay.ms, origin: place.origin(), ratio: ratioOf(percentage, place) };
}

function compileAbort(
  { httpStatus, grpcStatus, percentage }: NonNullable<HttpFaultInjection['abort']>,
  place: ResourcePlace,
): FaultAbort | undefined {
  const code = grpcStatus === undefined ? undefined : CODES.get(grpcStatus);
  if (code === undefined && httpStatus === undefined) return undefined;
  return {
    code: code ?? grpcStatusOfHttp(httpStatus ?? 0),
    httpStatus,
    origin: place.origin(),
    ratio: ratioOf(percentage, place),
  };
}

function ratioOf(percentage: Percent | undefined, place: ResourcePlace): Sourced<number> {
  return place.orDefault('percentage', percentage === undefined ? undefined : percentRatio(percentage), 0);
}

/** TypeScript's enums hold names by number too. */
const CODES: ReadonlyMap<string, number> = new Map(
  Object.entries(status).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
);
