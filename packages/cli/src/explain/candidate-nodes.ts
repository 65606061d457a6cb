import { Metadata } from '@grpc/grpc-js';
import { DestinationStrategies } from '@micromesh/client';
import { type ServiceKey, systemRandom } from '@micromesh/core';
import {
  applyHeaderEdits,
  type HeaderEdits,
  type LoadBalancerRule,
  type PolicyCaller,
  type ServicePolicy,
  type SubsetRule,
} from '@micromesh/policy';
import {
  type Candidate,
  createStrategy,
  matchesFilter,
  type NodeFilter,
  Picker,
  Subset,
} from '@micromesh/selector';
import type { ServiceFacts } from './service-facts.js';

/** A destination whose nodes are looked for. */
export interface WantedNodes {
  readonly service: ServiceKey;
  readonly policy: ServicePolicy | undefined;
  readonly subset: string | undefined;
  readonly port: number | undefined;
  /** What is done to the metadata first. */
  readonly edits: readonly HeaderEdits[];
}

/** What nodes are picked by. */
export interface CandidateCall {
  /** The metadata that it has. */
  readonly headers: Readonly<Record<string, string>>;
  readonly caller: PolicyCaller;
  /** What code says; undefined: nothing. */
  readonly hashKey: string | undefined;
  /** Whether it is not this machine that calls, so that its own address is no key; default false. */
  readonly addressUnknown?: boolean;
}

/** A node that a call may go to. */
export interface CandidateView {
  readonly id: string;
  readonly address: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the registry has it as passing: others are not told. */
  readonly passing: true;
  /** What an operator said of it; null: nothing. */
  readonly intervention: ServiceFacts['nodes'][number]['intervention'];
  /** How the processes that were asked see it. */
  readonly clients: ServiceFacts['nodes'][number]['clients'];
}

/** The nodes of a destination, and which of them a key names. */
export interface CandidatesView {
  /** In the registry, whatever their version and labels. */
  readonly registered: number;
  readonly nodes: readonly CandidateView[];
  /** Of which the pick is made; null: the call has none. */
  readonly key: string | null;
  /** The id of the node for the key, were all ready that nobody has ejected; null: there is no key, or no node. */
  readonly picked: string | null;
}

/** The nodes of a service that fit a subset. */
export function candidatesOf(
  { snapshot, nodes: known }: ServiceFacts,
  { policy, subset, port, edits }: WantedNodes,
  call: CandidateCall,
): CandidatesView {
  const filter = filterOf(subset === undefined ? undefined : policy?.subset(subset));
  const rule = policy?.traffic(subset, port).loadBalancer;
  const { labels } = call.caller;
  const candidates = snapshot.nodes.map((node): Candidate => {
    const { intervention } = known.find(({ id }) => id === node.id) ?? {};
    const isHeld = intervention != null && !intervention.ignored;
    return {
      node,
      standing: isHeld ? 'held' : 'healthy',
      inFlight: 0,
      usableSince: Number.NEGATIVE_INFINITY,
    };
  });
  // A client of which code says nothing, but for the key.
  const ruled = rule && new DestinationStrategies(systemRandom, 0).of(rule);
  const metadata = metadataOf(call, edits);
  const isUnknown = call.addressUnknown === true && isByAddress(rule) && !hasAddress(metadata);
  const key = call.hashKey ?? (isUnknown ? undefined : ruled?.keyOf?.({ metadata })) ?? null;
  const nodes = snapshot.nodes
    .filter((node) => matchesFilter(node, filter, labels))
    .map(({ id, version, labels: own }): CandidateView => {
      const { address = '', intervention = null, clients = [] } = known.find((each) => each.id === id) ?? {};
      return { id, address, version, labels: own, passing: true, intervention, clients };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const picker = new Picker(
    new Subset(candidates, filter, labels),
    ruled?.strategy ?? createStrategy('hash-random', systemRandom),
  );
  const pick = key === null ? undefined : picker.pick([], key, 0);
  const picked = pick?.kind === 'node' ? pick.candidate.node.id : null;
  return { registered: snapshot.nodes.length, nodes, key, picked };
}

function isByAddress(rule: LoadBalancerRule | undefined): boolean {
  const strategy = rule?.strategy.value;
  return strategy?.kind === 'consistent-hash' && strategy.source.kind === 'sourceIp';
}

function hasAddress(metadata: Metadata): boolean {
  return metadata.get('x-forwarded-for').length > 0;
}

function filterOf(subset: SubsetRule | undefined): NodeFilter {
  const { version, ...labels } = subset?.labels ?? {};
  return version === undefined ? { labels } : { labels, version };
}

/** A key is found in what is sent. */
function metadataOf({ headers }: CandidateCall, edits: readonly HeaderEdits[]): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  for (const each of edits) applyHeaderEdits(each, metadata);
  return metadata;
}
