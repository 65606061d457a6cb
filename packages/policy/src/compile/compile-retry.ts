import type { ResourcePlace, Sourced } from '../origin/resource-place.js';
import type { RetryRule } from '../route/route-rule.js';
import type { HttpRetry } from '../schema/virtual-service/retries.js';
import { DEFAULT_RETRY_ON, readRetryOn } from '../validate/virtual-service/retry-words.js';

const BASE_BACKOFF_MS = 25;
const MAX_BACKOFF_FACTOR = 10;

/** When a call is tried again; a block that is there takes Istio's defaults for the fields that it leaves out. */
export function compileRetry(spec: HttpRetry, place: ResourcePlace): RetryRule {
  const retryOn: Sourced<string> = place.orDefault('retryOn', spec.retryOn, DEFAULT_RETRY_ON);
  const baseBackoffMs = place.orDefault('backoff', spec.backoff?.ms, BASE_BACKOFF_MS);
  return {
    origin: place.origin(),
    attempts: place.orDefault('attempts', spec.attempts, 0),
    perTryTimeoutMs: place.maybe('perTryTimeout', spec.perTryTimeout?.ms),
    conditions: { value: readRetryOn(retryOn.value), origin: retryOn.origin },
    baseBackoffMs,
    maxBackoffMs: baseBackoffMs.value * MAX_BACKOFF_FACTOR,
    ignorePreviousHosts: place.orDefault('retryIgnorePreviousHosts', spec.retryIgnorePreviousHosts, true),
    remoteLocalities: place.orDefault('retryRemoteLocalities', spec.retryRemoteLocalities, false),
  };
}
