import {
  type Clock,
  events,
  formatAddress,
  type NodeReport,
  type NodeState,
  type Outcome,
  type ServiceKey,
  type ServiceNode,
} from '@micromesh/core';
import {
  type AttemptCounts,
  type Candidate,
  OutlierRecord,
  type OutlierSettings,
  type Standing,
} from '@micromesh/selector';
import { type Intervention, sameIntervention } from '../interventions/intervention.js';
import { Roster } from '../roster.js';
import type { Connection } from '../transport/transport.js';
import { Ejection } from './ejection.js';
import { checkHealth } from './health-check.js';
import type { LeasedAttempt } from './leased-attempt.js';
import { Liveness } from './liveness.js';
import { NodeChannel, type NodeChannelParts } from './node-channel.js';
import { NodeStanding, type StandingFacts } from './node-standing.js';
import { isUsable, stateOf } from './node-state.js';
import { NodeTally } from './node-tally.js';
import { CAUTIOUS_ANSWER_MS, type Verdict } from './question.js';
import { SendStamps } from './send-stamps.js';
import { SilenceWatch } from './silence-watch.js';

/** Why calls of a destination leave a node out. */
export interface NodeEjection {
  /** In words. */
  readonly cause: string;
  /** On the mesh's clock. */
  readonly endsAt: number;
}

/** What the handle asks of the service it belongs to. */
export interface NodeSurroundings extends NodeChannelParts {
  readonly service: ServiceKey;
  readonly outlier: OutlierSettings;
  /** The node's standing has changed. */
  changed(): void;
  /** Whether another connected node could take this one's calls. */
  hasOther(handle: NodeHandle): boolean;
  /** The records of all other nodes. */
  peersOf(handle: NodeHandle): readonly OutlierRecord[];
  /** Whether one more node may be ejected. */
  mayEject(): boolean;
  /** By an operator's rule: of the destinations that the node is out of, the one that it is out of for the longest; undefined: none. */
  clusterEjectionOf(handle: NodeHandle): NodeEjection | undefined;
  /** What the attempts on a silent node end with. */
  silentOutcome(handle: NodeHandle): Outcome;
}

/**
 * One instance of a service: its channel and all that this process knows of it. It outlives snapshots, and ends when
 * the instance has left the registry and its last call is done.
 */
export class NodeHandle implements Candidate {
  node: ServiceNode;
  readonly address: string;
  /** What its attempts came to. */
  readonly record: OutlierRecord;
  /** Counts into the record. */
  readonly tally: NodeTally<LeasedAttempt>;
  /** When attempts leave for it. */
  readonly stamps = new SendStamps();
  readonly #in: NodeSurroundings;
  readonly #attempts = new Roster<LeasedAttempt>();
  readonly #watch: SilenceWatch;
  readonly #channel: NodeChannel;
  readonly #liveness: Liveness;
  readonly #ejection: Ejection;
  #intervention: Intervention | undefined;
  #left = false;
  #leases = 0;
  readonly #standing: NodeStanding;

  /** @param hasJoined - it came after others: it was not there when the service was first looked up. */
  constructor(
    node: ServiceNode,
    surroundings: NodeSurroundings,
    private readonly hasJoined = false,
  ) {
    this.node = node;
    this.address = formatAddress(node.address);
    this.#in = surroundings;
    this.record = new OutlierRecord(surroundings.outlier);
    this.#channel = new NodeChannel(
      () => this.node,
      surroundings,
      (cause) => this.#onConnection(cause),
    );
    this.#watch = new SilenceWatch(this.#attempts, surroundings.clock);
    this.#liveness = new Liveness(this);
    this.#ejection = new Ejection(this);
    this.tally = new NodeTally(this, surroundings.outlier.countedCodes);
    this.#standing = new NodeStanding(() => this.#facts, {
      onChange: () => surroundings.changed(),
      onNews: (state, cause) => this.#publish(state, cause),
    });
  }

  get #facts(): StandingFacts {
    return {
      now: this.clock.now(),
      channel: this.#channel.state,
      isSilent: this.isSilent,
      isSuspected: this.#liveness.isSuspected,
      intervention: this.#intervention,
      ejection: this.#ejection,
    };
  }

  get standing(): Standing {
    return this.#standing.current;
  }

  /** Without micromesh's own ejection: what calls go by whose destination has rules of its own. */
  get factualStanding(): Standing {
    return this.#standing.factual;
  }

  get usableSince(): number {
    return this.#standing.usableSince;
  }

  /** Why the node is not healthy, in words; empty when it is. */
  get cause(): string {
    return this.#standing.cause;
  }

  get clock(): Clock {
    return this.#in.clock;
  }

  /** Opens the channel, unless it is open. */
  open(): void {
    if (this.#channel.isOpen || this.#left) return;
    this.#publish('connecting', '');
    this.#channel.open();
  }

  /** The channel of a connected node. */
  get connection(): Connection {
    return this.#channel.connection;
  }

  /** Keeps the channel open for an attempt, until {@link release}. */
  lease(attempt: LeasedAttempt): void {
    this.#leases++;
    this.#attempts.add(attempt);
  }

  release(attempt: LeasedAttempt): void {
    this.#leases--;
    this.#attempts.delete(attempt);
    if (this.#attempts.size === 0) this.#watch.rest();
    this.tally.forget(attempt);
    if (this.#left && this.#leases === 0) this.#close();
  }

  /** An attempt wants to {@link Waiter.look | look} after the node at this time. */
  expectLook(lookAt: number): void {
    this.#watch.expect(lookAt);
  }

  /** Something came from the node. */
  heard(now: number): void {
    this.#liveness.heard(now);
  }

  onHeard(now: number): void {
    this.tally.heard(now);
  }

  /** When anything last came from the node, on the mesh's clock. */
  get heardAt(): number {
    return this.#liveness.heardAt;
  }

  /** When the last question that the node answered was put, on the mesh's clock. */
  get provedAt(): number {
    return this.#liveness.provedAt;
  }

  /** Attempts and failures within the outlier window. */
  counts(now: number): AttemptCounts {
    return this.record.counts(now);
  }

  /** Ejects the node when it does worse than its peers. */
  judge(now: number): void {
    this.#ejection.judge(now);
  }

  underWay(): Iterable<LeasedAttempt> {
    return this.#attempts;
  }

  /** Attempts that are under way on the node. */
  get inFlight(): number {
    return this.#leases;
  }

  /** By its failures, or by an operator. */
  get isEjected(): boolean {
    return this.#ejection.inForce || this.#intervention !== undefined;
  }

  /** An operator has taken the node out until further notice; undefined: has not, or no longer. */
  intervene(intervention: Intervention | undefined): void {
    if (this.#left || sameIntervention(intervention, this.#intervention)) return;
    this.#intervention = intervention;
    this.#standing.renew('');
  }

  /** What is known of it, for people. */
  report(): NodeReport {
    const { address } = this;
    const { id } = this.node;
    const ofCluster = isUsable(this.standing) ? this.#in.clusterEjectionOf(this) : undefined;
    if (ofCluster !== undefined) {
      const { cause, endsAt } = ofCluster;
      return { id, address, state: 'ejected', cause, untilMs: this.#wallTime(endsAt) };
    }
    const state = stateOf(this.standing);
    const untilMs =
      state === 'ejected'
        ? (this.#intervention?.untilMs ?? this.#wallTime(this.#ejection.endsAt))
        : undefined;
    return { id, address, state, cause: this.cause, untilMs };
  }

  #wallTime(at: number): number {
    const { clock } = this.#in;
    return Math.round(clock.wallNow() + at - clock.now());
  }

  /** By an operator's rule it is out of a destination, or in again. */
  onClusterEjection(): void {
    if (!this.#left && isUsable(this.standing)) this.#publish('ready', this.cause);
  }

  get isConnected(): boolean {
    return this.#channel.state === 'ready';
  }

  get isSilent(): boolean {
    return this.#liveness.isSilent;
  }

  get isIdle(): boolean {
    return this.#leases === 0;
  }

  /**
   * Asks the node whether it lives; a question that is under way is shared.
   *
   * @param waitMs - how long to wait for the answer, before the node is silent to all; of those who share it the least counts.
   */
  ask(waitMs: number): Promise<Verdict> {
    return this.#liveness.ask(waitMs);
  }

  inquire(): void {
    void this.ask(CAUTIOUS_ANSWER_MS);
  }

  onVerdict(verdict: Verdict, durationMs: number): void {
    if (!events.question.heard) return;
    const { service } = this.#in;
    events.question.publish({ service, nodeId: this.node.id, address: this.address, verdict, durationMs });
  }

  onLiveness(news: string): void {
    // Where it is out for another reason, to be asked is no news.
    this.#standing.renew(this.#liveness.isSuspected && this.standing !== 'healthy' ? '' : news);
    this.cutSilentAttempts();
  }

  /** Sends what waits for a silent node elsewhere, if there is an elsewhere. */
  cutSilentAttempts(): void {
    if (!this.isSilent) return;
    for (const attempt of [...this.#attempts]) this.cutIfSilent(attempt);
  }

  /** The same for one attempt: what could not go elsewhere at first may do so later. */
  cutIfSilent(attempt: LeasedAttempt): void {
    if (this.isSilent && this.#in.hasOther(this)) attempt.giveUp(this.#in.silentOutcome(this));
  }

  reconnect(): void {
    this.#channel.drop();
    this.#standing.renew('silent, connecting anew');
    if (!this.#left) this.#channel.open();
  }

  /** Whether it was connected a moment ago: it may have much to do that it has not done before. */
  isCold(now: number): boolean {
    return this.#channel.isCold(now);
  }

  /** Whether its process was started a moment ago: it joined, or was gone before, and is connected since then. */
  hasJustBegun(now: number): boolean {
    return this.isCold(now) && (this.hasJoined || this.#channel.wasLost);
  }

  #onConnection(cause: string): void {
    if (!this.isConnected) this.#liveness.endSilence();
    this.#standing.renew(cause);
  }

  mayEject(): boolean {
    return this.#in.mayEject();
  }

  peers(): readonly OutlierRecord[] {
    return this.#in.peersOf(this);
  }

  async isWell(): Promise<boolean> {
    return this.isConnected && (await checkHealth(this.connection, this.clock, 1000));
  }

  onEjection(cause: string): void {
    this.#standing.renew(cause);
  }

  /** The registry no longer has the instance: no new calls, and the channel closes with its last one. */
  retire(): void {
    if (this.#left) return;
    this.#left = true;
    this.#ejection.end();
    if (this.#leases === 0) this.#close();
  }

  #close(): void {
    this.#liveness.end();
    this.#channel.close();
    this.#publish('left', 'no longer registered');
  }

  #publish(state: NodeState, cause: string): void {
    if (!events.node.heard) return;
    const ofCluster = state === 'ready' ? this.#in.clusterEjectionOf(this) : undefined;
    events.node.publish({
      service: this.#in.service,
      nodeId: this.node.id,
      address: this.address,
      state: ofCluster === undefined ? state : 'ejected',
      cause: ofCluster?.cause ?? cause,
    });
  }
}
