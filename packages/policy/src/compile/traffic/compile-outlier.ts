import type { ResourcePlace, Sourced } from '../../origin/resource-place.js';
import type { OutlierDetection } from '../../schema/destination-rule/outlier-detection.js';
import type { OutlierRule } from './traffic-settings.js';

const CONSECUTIVE = 5;
const INTERVAL_MS = 10_000;
const BASE_EJECTION_MS = 30_000;
const MAX_EJECTION_MS = 300_000;
const MAX_EJECTION_PERCENT = 10;

/** When a node is taken out; a block that is there takes the defaults of Istio and Envoy for the fields that it leaves out. */
export function compileOutlier(spec: OutlierDetection, place: ResourcePlace): OutlierRule {
  const baseEjectionMs = place.orDefault('baseEjectionTime', spec.baseEjectionTime?.ms, BASE_EJECTION_MS);
  const maxPercent = spec.maxEjectionPercent === 0 ? undefined : spec.maxEjectionPercent;
  return {
    origin: place.origin(),
    consecutive5xxErrors: place.orDefault('consecutive5xxErrors', spec.consecutive5xxErrors, CONSECUTIVE),
    consecutiveGatewayErrors: place.orDefault('consecutiveGatewayErrors', spec.consecutiveGatewayErrors, 0),
    splitExternalLocalOriginErrors: place.orDefault(
      'splitExternalLocalOriginErrors',
      spec.splitExternalLocalOriginErrors,
      false,
    ),
    consecutiveLocalOriginFailures: place.orDefault(
      'consecutiveLocalOriginFailures',
      spec.consecutiveLocalOriginFailures,
      CONSECUTIVE,
    ),
    intervalMs: place.orDefault('interval', spec.interval?.ms, INTERVAL_MS),
    baseEjectionMs,
    maxEjectionMs: Math.max(MAX_EJECTION_MS, baseEjectionMs.value),
    maxEjectionRatio: asRatio(place.orDefault('maxEjectionPercent', maxPercent, MAX_EJECTION_PERCENT)),
    minHealthRatio: asRatio(place.orDefault('minHealthPercent', spec.minHealthPercent, 0)),
    errorStatuses: place.maybe('outlierDetectionHttpErrorCodes', spec.outlierDetectionHttpErrorCodes),
  };
}

function asRatio({ value, origin }: Sourced<number>): Sourced<number> {
  return { value: value / 100, origin };
}
