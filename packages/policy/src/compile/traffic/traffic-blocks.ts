import type { ResourcePlace } from '../../origin/resource-place.js';
import type { PortTrafficPolicy, TrafficPolicy } from '../../schema/destination-rule/traffic-policy.js';

/** A block of a traffic policy, and where it is written. */
export interface TrafficBlock<T> {
  readonly spec: T;
  readonly place: ResourcePlace;
}

type Block<K extends keyof TrafficPolicy> = TrafficBlock<NonNullable<TrafficPolicy[K]>> | undefined;

/** The blocks that are in force somewhere; each counts as a whole. */
export interface TrafficBlocks {
  readonly loadBalancer: Block<'loadBalancer'>;
  readonly connectionPool: Block<'connectionPool'>;
  readonly outlierDetection: Block<'outlierDetection'>;
  readonly tls: Block<'tls'>;
  readonly retryBudget: Block<'retryBudget'>;
}

/** A traffic policy, and where it is written. */
export type PlacedPolicy = TrafficBlock<TrafficPolicy>;

interface ForPort {
  readonly blocks: TrafficBlocks;
  /** Whether `portLevelSettings` of the port have taken the place of the rest. */
  readonly isOfPort: boolean;
}

/**
 * The blocks that are in force for a port of a subset. Source: Istio's MergeSubsetTrafficPolicy and GetPortLevelTrafficPolicy,
 * pilot/pkg/networking/util/util.go: settings of a port take the place of the policy around them; then each block of the subset takes the
 * place of the host's, and settings of the port in the subset that of all of them, but for the retry budget, which no port has.
 */
export function mergeTraffic(
  host: PlacedPolicy | undefined,
  subset: PlacedPolicy | undefined,
  port: number | undefined,
): TrafficBlocks | undefined {
  const ofHost = host === undefined ? undefined : forPort(host, port);
  const ofSubset = subset === undefined ? undefined : forPort(subset, port);
  if (ofHost === undefined || ofSubset === undefined) return (ofHost ?? ofSubset)?.blocks;
  const { blocks: outer } = ofHost;
  const { blocks: inner, isOfPort } = ofSubset;
  const retryBudget = inner.retryBudget ?? outer.retryBudget;
  if (isOfPort) return { ...inner, retryBudget };
  return {
    loadBalancer: inner.loadBalancer ?? outer.loadBalancer,
    connectionPool: inner.connectionPool ?? outer.connectionPool,
    outlierDetection: inner.outlierDetection ?? outer.outlierDetection,
    tls: inner.tls ?? outer.tls,
    retryBudget,
  };
}

function forPort({ spec, place }: PlacedPolicy, port: number | undefined): ForPort {
  const settings = spec.portLevelSettings ?? [];
  const index = port === undefined ? -1 : settings.findIndex((each) => each.port?.number === port);
  const found = settings[index];
  if (found === undefined) return { blocks: blocksOf(spec, spec.retryBudget, place), isOfPort: false };
  return { blocks: blocksOf(found, undefined, place.at('portLevelSettings', index)), isOfPort: true };
}

function blocksOf(
  policy: PortTrafficPolicy | TrafficPolicy,
  retryBudget: TrafficPolicy['retryBudget'],
  place: ResourcePlace,
): TrafficBlocks {
  const block = <T>(name: string, spec: T | undefined) =>
    spec === undefined ? undefined : { spec, place: place.at(name) };
  return {
    loadBalancer: block('loadBalancer', policy.loadBalancer),
    connectionPool: block('connectionPool', policy.connectionPool),
    outlierDetection: block('outlierDetection', policy.outlierDetection),
    tls: block('tls', policy.tls),
    retryBudget: block('retryBudget', retryBudget),
  };
}
