import type { Resource } from '@micromesh/policy';

type TrafficPolicy = NonNullable<
  Extract<Resource, { readonly kind: 'DestinationRule' }>['spec']['trafficPolicy']
>;

type ConnectionPool = NonNullable<TrafficPolicy['connectionPool']>;

/** What calls do not follow of these policies, by resource and path: it is said, never silent. */
export function notFollowed(resources: readonly Resource[]): readonly string[] {
  return resources.flatMap((resource) => {
    const title = `${resource.kind} ${resource.name}`;
    return pathsOf(resource).map((path) => `${title} ${path}`);
  });
}

function pathsOf(resource: Resource): readonly string[] {
  if (resource.kind !== 'DestinationRule') return [];
  const { trafficPolicy, subsets = [] } = resource.spec;
  const ofSubsets = subsets.flatMap((subset, index) =>
    pathsOfTraffic(subset.trafficPolicy, `spec.subsets[${index}].trafficPolicy`, false),
  );
  return [...pathsOfTraffic(trafficPolicy, 'spec.trafficPolicy', true), ...ofSubsets];
}

/** @param isOfHost - and not of a subset, which shares the connections of all. */
function pathsOfTraffic(policy: TrafficPolicy | undefined, at: string, isOfHost: boolean): readonly string[] {
  if (policy === undefined) return [];
  const { connectionPool, tls, portLevelSettings = [] } = policy;
  return [
    ...(isOfHost ? [] : pathsOfPool(connectionPool, at)),
    // To go when the mesh speaks TLS.
    ...(tls === undefined ? [] : [`${at}.tls`]),
    ...portLevelSettings.flatMap((settings, index) => {
      const atPort = `${at}.portLevelSettings[${index}]`;
      const ofTls = settings.tls === undefined ? [] : [`${atPort}.tls`];
      return [...pathsOfPool(settings.connectionPool, atPort), ...ofTls];
    }),
  ];
}

/** What is said of the connections of a subset or a port: a node has one, so that what is said of the host counts. */
function pathsOfPool({ tcp, http }: ConnectionPool = {}, at: string): readonly string[] {
  const said = {
    'tcp.connectTimeout': tcp?.connectTimeout,
    'http.idleTimeout': http?.idleTimeout,
    'http.http2KeepAlive': http?.http2KeepAlive,
  };
  return Object.entries(said).flatMap(([path, value]) =>
    value === undefined ? [] : [`${at}.connectionPool.${path}`],
  );
}
