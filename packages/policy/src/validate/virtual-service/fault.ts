import type { FieldPath } from '../../problem.js';
import { type Percent, percentRatio } from '../../schema/virtual-service/percent.js';
import { atMostOne, type Finder, given } from '../finder.js';
import type { VirtualService } from '../resource.js';

/** The faults of each rule: whether they hit any call. */
export function checkFaults({ spec }: VirtualService, find: Finder): void {
  for (const [index, { fault, timeout }] of (spec.http ?? []).entries()) {
    if (fault === undefined) continue;
    const path = ['spec', 'http', index, 'fault'];
    const { delay, abort } = fault;
    if (delay === undefined && abort === undefined)
      find.error(path, 'the fault does nothing', 'write delay or abort');
    if (delay !== undefined) {
      const at = [...path, 'delay'];
      if (given(delay, 'fixedDelay', 'exponentialDelay').length === 0) {
        find.error(at, 'the delay has no length', 'write fixedDelay: 2s');
      }
      if (delay.percent === undefined) checkShare(delay.percentage, at, 'is delayed', find);
      checkLength(delay.fixedDelay?.ms, timeout?.ms, [...at, 'fixedDelay'], find);
    }
    if (abort !== undefined) {
      const at = [...path, 'abort'];
      atMostOne(find, at, abort, 'httpStatus', 'grpcStatus', 'http2Error');
      if (given(abort, 'httpStatus', 'grpcStatus', 'http2Error').length === 0) {
        find.error(at, 'the abort has no status', 'write grpcStatus: UNAVAILABLE');
      }
      if (abort.httpStatus === 200) {
        find.warning(
          [...at, 'httpStatus'],
          '200 is no failure: gRPC has no answer without a message',
          'write grpcStatus',
        );
      }
      checkShare(abort.percentage, at, 'is aborted', find);
    }
  }
}

/** In Envoy the time-out begins after the delay; a deadline begins with the call. */
function checkLength(
  delayMs: number | undefined,
  timeoutMs: number | undefined,
  path: FieldPath,
  find: Finder,
): void {
  if (delayMs === undefined || timeoutMs === undefined || timeoutMs === 0 || delayMs < timeoutMs) return;
  find.warning(
    path,
    `delayed calls end with DEADLINE_EXCEEDED: the timeout of ${timeoutMs}ms holds for the delay as well`,
    `give a timeout above ${delayMs}ms, or a shorter delay`,
  );
}

function checkShare(share: Percent | undefined, path: FieldPath, what: string, find: Finder): void {
  if (share?.value === undefined) {
    find.warning(
      share === undefined ? path : [...path, 'percentage'],
      `no call ${what}: percentage is silent, which is 0`,
      'write percentage: { value: 100 }',
    );
  } else checkPrecision(share, [...path, 'percentage', 'value'], find);
}

/** Istio counts in steps of 0.0001 %. */
export function checkPrecision(share: Percent, path: FieldPath, find: Finder): void {
  const { value } = share;
  if (value === undefined || value === 0 || percentRatio(share) > 0) return;
  find.warning(path, `${value} % is rounded down to 0`, 'give at least 0.0001');
}
