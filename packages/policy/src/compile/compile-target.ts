import type { ServiceKey } from '@micromesh/core';
import { readHost } from '../hosts/read-host.js';
import { exactService } from '../hosts/service-pattern.js';
import type { ResourcePlace } from '../origin/resource-place.js';
import type { RouteTarget } from '../route/weighted-destinations.js';
import type { Destination } from '../schema/virtual-service/destination.js';

/** Where calls go: a short host is in the namespace of the resource that writes it. */
export function compileTarget({ host, subset, port }: Destination, place: ResourcePlace): RouteTarget {
  return {
    service: serviceOf(host, place.resource.namespace),
    subset,
    port: port?.number,
    origin: place.origin(),
  };
}

function serviceOf(host: string, namespace: string | undefined): ServiceKey {
  const read = readHost(host, namespace);
  const service = read.kind === 'service' ? exactService(read.pattern) : undefined;
  // Validation has refused every other host; no registry knows a service of such a name.
  return service ?? { name: host };
}
