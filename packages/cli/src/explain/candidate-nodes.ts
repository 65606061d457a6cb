import { Metadata } from '@grpc/grpc-js';
import { DestinationStrategies } from '@micromesh/client';
import { systemRandom } from '@micromesh/core';
import type { LoadBalancerRule, SubsetRule } from '@micromesh/policy';
import {
  type Candidate,
  createStrategy,
  matchesFilter,
  type NodeFilter,
  Picker,
  Subset,
} from '@micromesh/selector';
import type { ExplainedCall } from './explained-call.js';
import type { ServiceFacts } from './service-facts.js';

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
  subset: SubsetRule | undefined,
  rule: LoadBalancerRule | undefined,
  call: ExplainedCall,
): CandidatesView {
  const filter = filterOf(subset);
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
  const key = call.hashKey ?? ruled?.keyOf?.({ metadata: metadataOf(call) }) ?? null;
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

function filterOf(subset: SubsetRule | undefined): NodeFilter {
  const { version, ...labels } = subset?.labels ?? {};
  return version === undefined ? { labels } : { labels, version };
}

function metadataOf({ headers }: ExplainedCall): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}
