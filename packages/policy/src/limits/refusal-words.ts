import { formatServiceKey, type Method, type ServiceKey } from '@micromesh/core';
import type { PlaceRefusal } from './place-entry.js';
import type { RateRefusal } from './rate-counter.js';

/** `RateLimit shop/hello lets no further call of hello through now (10 each 1000 ms, 20 at once, for each x-user-id); come again in 340 ms` */
export function describeRate({ rule, waitMs }: RateRefusal, service: ServiceKey): string {
  const { resource, tokensPerFill, fillIntervalMs, maxTokens, perMethod, perHeaders } = rule;
  const each = [...(perMethod.value ? ['method'] : []), ...perHeaders.value].join(' and ');
  const share = `${tokensPerFill.value} each ${fillIntervalMs.value} ms, ${maxTokens.value} at once`;
  const bound = each === '' ? share : `${share}, for each ${each}`;
  return `${resource} lets no further call of ${formatServiceKey(service)} through now (${bound}); come again in ${waitMs} ms`;
}

/** `ConcurrencyLimit shop/hello: 10 calls of hello are under way (maxConcurrent), and 5 wait (maxQueued)` */
export function describePlaces(
  { rule, cause, places }: PlaceRefusal,
  service: ServiceKey,
  { path }: Method,
): string {
  const max = rule.maxConcurrent.value;
  const name = formatServiceKey(service);
  const of = rule.perMethod.value ? `${name} ${path}` : name;
  const calls = `${rule.resource}: ${max} ${max === 1 ? 'call' : 'calls'} of ${of} ${max === 1 ? 'is' : 'are'} under way (maxConcurrent)`;
  if (cause === 'timeout')
    return `${calls}; none ended within ${rule.queueTimeoutMs.value} ms (queueTimeout)`;
  return `${calls}, and ${places.waiting === 0 ? 'none may wait' : `${places.waiting} wait`} (maxQueued)`;
}
