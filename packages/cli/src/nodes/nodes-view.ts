import { type Intervention, interventionsInForce } from '@micromesh/client';
import { formatAddress, formatServiceKey, type Snapshot } from '@micromesh/core';
import type { AskedProcess } from './client-processes.js';
import type { KnownInterventions } from './known-interventions.js';

/** What an operator said of a node, as it is printed. */
export interface ShownIntervention {
  readonly who: string;
  readonly why: string;
  /** As `until`, a time in ISO 8601. */
  readonly at: string;
  readonly until: string;
  /** It would take the last node, so that no client follows it. */
  readonly ignored: boolean;
}

/** How a client process sees a node. */
export interface ShownSight {
  readonly service: string;
  readonly id: string;
  readonly address: string;
  /** `connecting`, `ready`, `down` or `ejected`. */
  readonly state: string;
  readonly cause: string;
  /** ISO 8601; null where nobody can say. */
  readonly until: string | null;
}

/** One node of the service. */
export interface ShownNode {
  readonly id: string;
  readonly address: string;
  readonly version: string;
  /** Whether the registry has it as passing. */
  readonly registered: boolean;
  readonly intervention: ShownIntervention | null;
  readonly clients: readonly ShownSight[];
}

/** What `micromesh nodes` prints with `--json`. */
export interface NodesView {
  readonly service: string;
  readonly registry: string;
  readonly nodes: readonly ShownNode[];
  /** Servers that could not be asked whether their processes call the service. */
  readonly unasked: readonly {
    readonly service: string;
    readonly id: string;
    readonly address: string;
    readonly problem: string;
  }[];
  readonly unreadable: KnownInterventions['unreadable'];
}

/** Brings together what the registry, the operators and the client processes say. */
export function nodesView(
  registry: string,
  snapshot: Snapshot,
  known: KnownInterventions,
  asked: readonly AskedProcess[],
): NodesView {
  const nodes = new Map<string, Omit<ShownNode, 'intervention' | 'clients'>>();
  for (const { id, address, version } of snapshot.nodes) {
    nodes.set(id, { id, address: formatAddress(address), version, registered: true });
  }
  const sights = new Map<string, ShownSight[]>();
  const unasked: NodesView['unasked'][number][] = [];
  for (const each of asked) {
    if ('problem' in each) {
      unasked.push({ ...each.process, problem: each.problem });
      continue;
    }
    for (const { nodeId, address, state, cause, untilMs } of each.sights) {
      if (!nodes.has(nodeId)) nodes.set(nodeId, { id: nodeId, address, version: '', registered: false });
      const until = untilMs === undefined ? null : new Date(untilMs).toISOString();
      const all = sights.get(nodeId) ?? [];
      all.push({ ...each.process, state, cause, until });
      sights.set(nodeId, all);
    }
  }
  const { ignored } = interventionsInForce([...nodes.keys()], known.inForce);
  return {
    service: formatServiceKey(snapshot.service),
    registry,
    nodes: [...nodes.values()].sort(byId).map((node) => ({
      ...node,
      intervention: shownIntervention(known.inForce.get(node.id), ignored),
      clients: (sights.get(node.id) ?? []).sort(byId),
    })),
    unasked: unasked.sort(byId),
    unreadable: known.unreadable,
  };
}

function shownIntervention(
  intervention: Intervention | undefined,
  ignored: Intervention | undefined,
): ShownIntervention | null {
  if (intervention === undefined) return null;
  const { who, why, atMs, untilMs } = intervention;
  const [at, until] = [new Date(atMs).toISOString(), new Date(untilMs).toISOString()];
  return { who, why, at, until, ignored: intervention === ignored };
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
