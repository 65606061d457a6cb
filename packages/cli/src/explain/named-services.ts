import { formatServiceKey, nearestName, type ServiceKey } from '@micromesh/core';
import { ANY, type PolicySet, type Resource, readHost } from '@micromesh/policy';

/** Gives the names that a registry has; empty: none was asked. */
export type FindNames = () => Promise<readonly string[]>;

/**
 * The service that is probably meant by one that nobody knows, and of which no nodes were found. Of one in another datacenter the registry
 * here has no names.
 *
 * @param registered - the names in the registry; asked where no resource is about the service.
 * @returns undefined where it is known, or no name is near.
 */
export async function serviceMeantBy(
  service: ServiceKey,
  set: PolicySet,
  registered: FindNames,
): Promise<string | undefined> {
  if ((service.datacenter ?? service.partition ?? service.peer) !== undefined) return undefined;
  if (set.of(service) !== undefined) return undefined;
  const names = [...new Set([...set.resources.flatMap(namesIn), ...(await registered())])];
  if (names.includes(service.name)) return undefined;
  const near = nearestName(service.name, names);
  return near === undefined ? undefined : formatServiceKey({ ...service, name: near });
}

function namesIn(resource: Resource): readonly string[] {
  return hostsIn(resource).flatMap((host) => {
    const read = readHost(host, resource.namespace);
    return read.kind === 'service' && read.pattern.name !== ANY ? [read.pattern.name] : [];
  });
}

function hostsIn({ kind, spec }: Resource): readonly string[] {
  if (kind !== 'VirtualService') return [spec.host];
  const destinations = (spec.http ?? []).flatMap(({ route = [], mirror, mirrors = [] }) => [
    ...[...route, ...mirrors].map(({ destination }) => destination.host),
    ...(mirror === undefined ? [] : [mirror.host]),
  ]);
  return [...(spec.hosts ?? []), ...destinations];
}
