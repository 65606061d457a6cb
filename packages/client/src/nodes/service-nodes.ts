import { Metadata, status } from '@grpc/grpc-js';
import {
  type Clock,
  formatAddress,
  formatServiceKey,
  type Outcome,
  type Random,
  type ServiceKey,
  type ServiceReport,
  type Snapshot,
  type Timer,
} from '@micromesh/core';
import type { ServiceWatch, WatchState } from '@micromesh/registry';
import {
  type CallerLabels,
  filterKey,
  maxEjected,
  type NodeFilter,
  type OutlierRecord,
  type OutlierSettings,
  Picker,
  type Strategy,
  Subset,
} from '@micromesh/selector';
import { type InterventionSource, ServiceInterventions } from '../interventions/service-interventions.js';
import type { ConnectionPolicy, Transport } from '../transport/transport.js';
import type { ClusterEjections } from './cluster-ejections.js';
import { type NodeEjection, NodeHandle, type NodeSurroundings } from './node-handle.js';

/** What the nodes of a service stand on. */
export interface ServiceNodesParts {
  readonly service: ServiceKey;
  /** For messages: `consul 127.0.0.1:8500`. */
  readonly registry: string;
  readonly watch: ServiceWatch;
  readonly transport: Transport;
  /** Left out: there are no operators. */
  readonly connections?: ConnectionPolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly outlier: OutlierSettings;
  readonly callerLabels: CallerLabels;
  /** Where operators say that a node is to be taken out; default: nowhere. */
  readonly interventions?: InterventionSource;
}

/**
 * After all nodes of a service have gone from the registry at once, or some during its outage, those that are still
 * connected stay in use for this long: it is more often the registry that has forgotten than the fleet that has died.
 */
const LINGER_MS = 60_000;

/** Strategies, pickers that are kept for one, and subsets. */
const MAX_KEPT = 256;

/** All nodes of one service, as this process knows them: one object a service and mesh. */
export class ServiceNodes implements NodeSurroundings {
  readonly service: ServiceKey;
  /** For messages: `consul 127.0.0.1:8500`. */
  readonly registry: string;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly connections: ConnectionPolicy | undefined;
  readonly outlier: OutlierSettings;
  readonly #random: Random;
  readonly #callerLabels: CallerLabels;
  readonly #watch: ServiceWatch;
  readonly #unsubscribe: () => void;
  readonly #interventions: ServiceInterventions | undefined;
  readonly #handles = new Map<string, NodeHandle>();
  /** Pickers of the present standings, by strategy and filter. */
  readonly #pickers = new Map<Strategy, Map<string, Picker<NodeHandle>>>();
  /** By operators' rules: those of this service's destinations. */
  readonly #clusterEjections = new Set<ClusterEjections>();
  /** Nodes by filter, whatever their standing. */
  readonly #subsets = new Map<string, Subset<NodeHandle>>();
  readonly #waiters = new Set<() => void>();
  /** Ids of nodes that the registry no longer has and that stay for a while. */
  readonly #lingering = new Set<string>();
  #lingerEnd: Timer | undefined;
  #snapshot: Snapshot | undefined;
  #wasStale = false;

  constructor(parts: ServiceNodesParts) {
    this.service = parts.service;
    this.registry = parts.registry;
    this.clock = parts.clock;
    this.transport = parts.transport;
    this.connections = parts.connections;
    this.outlier = parts.outlier;
    this.#random = parts.random;
    this.#callerLabels = parts.callerLabels;
    this.#watch = parts.watch;
    this.#interventions =
      parts.interventions &&
      new ServiceInterventions(parts.service, parts.interventions, parts.clock, () => this.changed());
    this.#unsubscribe = parts.watch.subscribe((state) => this.#onWatch(state));
    this.#onWatch(parts.watch.state);
  }

  /** What the registry says: until it has spoken, a service without nodes is not known to be empty. */
  get registryState(): WatchState {
    return this.#watch.state;
  }

  /** All nodes, in no order that means anything. */
  get handles(): IterableIterator<NodeHandle> {
    return this.#handles.values();
  }

  /**
   * The picker of a strategy and filter, as things stand now.
   *
   * @param ejections - of a destination, in place of micromesh's own; default: there are none.
   */
  picker(
    strategy: Strategy,
    filter: NodeFilter,
    key = filterKey(filter),
    ejections?: ClusterEjections,
  ): Picker<NodeHandle> {
    const ofCluster = ejections?.ended === false ? ejections : undefined;
    const pickers = ofCluster?.pickers ?? this.#pickers;
    let byFilter = pickers.get(strategy);
    if (byFilter === undefined) {
      byFilter = new Map();
      keep(pickers, strategy, byFilter);
    }
    let picker = byFilter.get(key);
    if (picker === undefined) {
      const panicRatio = ofCluster?.rule.minHealthRatio ?? this.outlier.panicRatio;
      const settings = { panicRatio, random: this.#random };
      picker = new Picker(this.#subset(filter, key), strategy, settings, ofCluster?.standingOf);
      keep(byFilter, key, picker);
    }
    return picker;
  }

  /** All nodes that match a filter, whatever their standing. */
  matching(filter: NodeFilter, key = filterKey(filter)): readonly NodeHandle[] {
    return this.#subset(filter, key).nodes;
  }

  /** From now on these ejections hear of changes, and end with the service. */
  addEjections(ejections: ClusterEjections): void {
    this.#clusterEjections.add(ejections);
  }

  removeEjections(ejections: ClusterEjections): void {
    this.#clusterEjections.delete(ejections);
  }

  clusterEjectionOf(handle: NodeHandle): NodeEjection | undefined {
    let longest: NodeEjection | undefined;
    for (const ejections of [...this.#clusterEjections]) {
      const ejection = ejections.ejectionOf(handle);
      if (ejection !== undefined && ejection.endsAt > (longest?.endsAt ?? Number.NEGATIVE_INFINITY))
        longest = ejection;
    }
    return longest;
  }

  #subset(filter: NodeFilter, key: string): Subset<NodeHandle> {
    let subset = this.#subsets.get(key);
    if (subset === undefined) {
      subset = new Subset([...this.#handles.values()], filter, this.#callerLabels);
      keep(this.#subsets, key, subset);
    }
    return subset;
  }

  /** Calls `listener` at the next change of nodes, standings or of what the registry says, unless taken off before. */
  onceChanged(listener: () => void): () => void {
    this.#waiters.add(listener);
    return () => this.#waiters.delete(listener);
  }

  changed(): void {
    this.#interventions?.applyTo(this.#handles.values());
    this.#pickers.clear();
    for (const { pickers } of this.#clusterEjections) pickers.clear();
    for (const handle of this.#handles.values()) handle.cutSilentAttempts();
    for (const waiter of [...this.#waiters]) {
      this.#waiters.delete(waiter);
      waiter();
    }
    this.#dropDeadLingerers();
  }

  hasOther(handle: NodeHandle): boolean {
    for (const other of this.#handles.values()) {
      if (other !== handle && other.isConnected && !other.isSilent) return true;
    }
    return false;
  }

  peersOf(handle: NodeHandle): readonly OutlierRecord[] {
    const peers: OutlierRecord[] = [];
    for (const other of this.#handles.values()) if (other !== handle) peers.push(other.record);
    return peers;
  }

  mayEject(): boolean {
    let ejected = 0;
    for (const handle of this.#handles.values()) if (handle.isEjected) ejected++;
    return ejected < maxEjected(this.#handles.size, this.outlier);
  }

  silentOutcome(handle: NodeHandle): Outcome {
    return {
      code: status.UNAVAILABLE,
      details: `node ${handle.node.id} ${handle.address} is ${handle.cause}`,
      trailers: new Metadata(),
      origin: 'local',
      delivery: 'unknown',
      reason: 'silent',
    };
  }

  /** Ends the watch and closes every channel as soon as its calls are done. */
  close(): void {
    this.#unsubscribe();
    this.#watch.close();
    this.#interventions?.close();
    this.#lingerEnd?.cancel();
    for (const handle of this.#handles.values()) handle.retire();
    for (const ejections of [...this.#clusterEjections]) ejections.end();
    this.#handles.clear();
    this.#subsets.clear();
    this.changed();
  }

  #onWatch(state: WatchState): void {
    // A stale state mostly brings the last good snapshot again.
    if (state.kind !== 'unknown' && state.snapshot !== this.#snapshot) {
      const isFirst = this.#snapshot === undefined;
      this.#snapshot = state.snapshot;
      this.#apply(state.snapshot, isFirst);
    }
    this.#wasStale = state.kind === 'stale';
    this.changed();
  }

  #apply(snapshot: Snapshot, isFirst: boolean): void {
    this.#subsets.clear();
    const present = new Set(snapshot.nodes.map((node) => node.id));
    const gone = [...this.#handles.keys()].filter((id) => !present.has(id));
    for (const node of snapshot.nodes) {
      let handle = this.#handles.get(node.id);
      this.#lingering.delete(node.id);
      // Others than micromesh may register every instance under one id.
      if (handle !== undefined && handle.address !== formatAddress(node.address)) {
        this.#remove(node.id);
        handle = undefined;
      }
      if (handle === undefined) {
        this.#add(new NodeHandle(node, this, !isFirst));
      } else {
        handle.node = node;
      }
    }
    const fresh = gone.filter((id) => !this.#lingering.has(id));
    // All gone at once, or gone with the first word after an outage: the registry may have come back empty.
    const doubtful = snapshot.nodes.length === 0 || this.#wasStale;
    if (doubtful && fresh.length > 0) this.#linger(fresh);
    else for (const id of fresh) this.#remove(id);
  }

  #add(handle: NodeHandle): void {
    this.#handles.set(handle.node.id, handle);
    handle.open();
  }

  #remove(id: string): void {
    this.#subsets.clear();
    this.#handles.get(id)?.retire();
    this.#handles.delete(id);
    this.#lingering.delete(id);
  }

  #linger(ids: readonly string[]): void {
    for (const id of ids) this.#lingering.add(id);
    this.#lingerEnd?.cancel();
    this.#lingerEnd = this.clock.setTimer(LINGER_MS, () => this.#endLinger(), false);
    this.#dropDeadLingerers();
  }

  #endLinger(): void {
    // The registry is away again: nobody could have registered meanwhile.
    if (this.#wasStale) {
      this.#linger([]);
      return;
    }
    for (const id of [...this.#lingering]) this.#remove(id);
    this.changed();
  }

  /** A node that has gone from the registry and is not connected either has simply gone. */
  #dropDeadLingerers(): void {
    for (const id of [...this.#lingering]) {
      if (this.#handles.get(id)?.isConnected !== true) this.#remove(id);
    }
  }

  /** What is known of each node, for people. */
  report(): ServiceReport {
    return { service: this.service, nodes: [...this.#handles.values()].map((handle) => handle.report()) };
  }

  /** For messages: `hello`, `hello?dc=dc2`. */
  get name(): string {
    return formatServiceKey(this.service);
  }
}

/** Filters made from user input, and strategies of versions of the policies, may be any number; those in use are found again at once. */
function keep<K, T>(items: Map<K, T>, key: K, item: T): void {
  if (items.size >= MAX_KEPT) items.clear();
  items.set(key, item);
}
