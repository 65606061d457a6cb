import {
  type Clock,
  events,
  formatAddress,
  messageOf,
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
import { type Intervention, sameIntervention, wordsOf } from '../interventions/intervention.js';
import { Roster, type Rostered } from '../roster.js';
import type { Connection, ConnectionPolicy, ConnectionState, Transport } from '../transport/transport.js';
import { Ejection } from './ejection.js';
import { checkHealth } from './health-check.js';
import { Liveness } from './liveness.js';
import type { Verdict } from './question.js';
import { SendStamps } from './send-stamps.js';
import { SilenceWatch, type Waiter } from './silence-watch.js';

/** An attempt that holds a node's channel, as the node sees it. */
export interface LeasedAttempt extends Waiter, Rostered {
  /** Its node is silent: ends it, where its call gains by that. */
  giveUp(outcome: Outcome): void;
}

/** Why calls of a destination leave a node out. */
export interface NodeEjection {
  /** In words. */
  readonly cause: string;
  /** On the mesh's clock. */
  readonly endsAt: number;
}

/** What the handle asks of the service it belongs to. */
export interface NodeSurroundings {
  readonly service: ServiceKey;
  readonly clock: Clock;
  readonly transport: Transport;
  /** Undefined: there are no operators. */
  readonly connections: ConnectionPolicy | undefined;
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
 * How long a node is cold after it was connected: it compiles its code, and the first node that is back after an outage is given all calls
 * that have waited, at once. Its answers are not compared with its peers' until then.
 */
const COLD_MS = 2_000;

/**
 * One instance of a service: its channel and all that this process knows of it. It outlives snapshots, and ends when
 * the instance has left the registry and its last call is done.
 */
export class NodeHandle implements Candidate {
  node: ServiceNode;
  readonly address: string;
  /** Why the node is not healthy, in words; empty when it is. */
  cause = '';
  /** What its attempts came to. */
  readonly record: OutlierRecord;
  /** When attempts leave for it. */
  readonly stamps = new SendStamps();
  readonly #in: NodeSurroundings;
  readonly #attempts = new Roster<LeasedAttempt>();
  readonly #watch: SilenceWatch;
  /** Attempts that were under way at the last loss that counted: what they lose is the same loss. */
  #sharingLoss = new Set<LeasedAttempt>();
  #connection: Connection | undefined;
  #connectionState: ConnectionState = 'connecting';
  readonly #liveness: Liveness;
  readonly #ejection: Ejection;
  #intervention: Intervention | undefined;
  #left = false;
  #leases = 0;
  /** Since when it has been connected, on the mesh's clock. */
  #connectedAt = Number.NEGATIVE_INFINITY;
  standing: Standing = 'connecting';
  /** Without micromesh's own ejection: what calls go by whose destination has rules of its own. */
  factualStanding: Standing = 'connecting';
  usableSince = Number.NEGATIVE_INFINITY;

  constructor(node: ServiceNode, surroundings: NodeSurroundings) {
    this.node = node;
    this.address = formatAddress(node.address);
    this.#in = surroundings;
    this.record = new OutlierRecord(surroundings.outlier);
    this.#watch = new SilenceWatch(this.#attempts, surroundings.clock);
    this.#liveness = new Liveness(this);
    this.#ejection = new Ejection(this);
  }

  get clock(): Clock {
    return this.#in.clock;
  }

  /** Opens the channel, unless it is open. */
  open(): void {
    if (this.#connection !== undefined || this.#left) return;
    this.#publish('connecting', '');
    const ready = this.#in.connections?.ready;
    if (ready === undefined) this.#connect();
    else void ready.then(() => this.#connectLate());
  }

  /** Nobody is there any more who could be told of options that grpc-js does not take. */
  #connectLate(): void {
    try {
      this.#connect();
    } catch (error) {
      this.#onState('failed', messageOf(error));
    }
  }

  #connect(): void {
    if (this.#left) return;
    const { transport, connections } = this.#in;
    const onState = (state: ConnectionState, cause: string) => this.#onState(state, cause);
    this.#connection = transport.connect(this.node, onState, connections?.settings);
  }

  /** The channel of a connected node. */
  get connection(): Connection {
    if (this.#connection === undefined)
      throw new Error(`node ${this.node.id} was picked before it was opened`);
    return this.#connection;
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
    this.#sharingLoss.delete(attempt);
    if (this.#left && this.#leases === 0) this.#close();
  }

  /** An attempt wants to {@link Waiter.look | look} after the node at this time. */
  expectLook(lookAt: number): void {
    this.#watch.expect(lookAt);
  }

  /** Something came from the node. */
  heard(now: number): void {
    this.#liveness.heardAt = now;
  }

  /** When anything last came from the node, on the mesh's clock. */
  get heardAt(): number {
    return this.#liveness.heardAt;
  }

  /** When the last question that the node answered was put, on the mesh's clock. */
  get provedAt(): number {
    return this.#liveness.provedAt;
  }

  /** Whether a status that the node's server answers counts against it. */
  countsCode(code: number): boolean {
    const { countedCodes } = this.#in.outlier;
    return countedCodes.length > 0 && countedCodes.includes(code);
  }

  /** Counts what an attempt came to, and ejects the node when it does worse than its peers. */
  countSuccess(now: number, latencyMs?: number): void {
    this.record.success(now, this.isCold(now) ? undefined : latencyMs);
    this.#ejection.judge(now);
  }

  /** Counts an attempt that ended as one on a node does that has too much to do. */
  countStrain(now: number): void {
    this.record.strain(now);
  }

  /** Counts an attempt whose deadline came before an answer did. */
  countNoAnswer(now: number, waitedMs: number): void {
    if (!this.isCold(now)) this.record.noAnswer(now, waitedMs, () => this.peers());
    this.#ejection.judge(now);
  }

  countFailure(now: number): void {
    this.record.failure(now);
    this.#ejection.judge(now);
  }

  /**
   * Counts an attempt that was lost with the connection, or to the node's silence. However many were under way, it was one
   * loss: the mark *down* stands for it, and is to end when the node is connected again.
   */
  countLoss(now: number, attempt: LeasedAttempt): void {
    if (this.#sharingLoss.delete(attempt)) return;
    this.#sharingLoss = new Set(this.#attempts);
    this.countFailure(now);
  }

  /** Attempts and failures within the outlier window. */
  counts(now: number): AttemptCounts {
    return this.record.counts(now);
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
    this.#restand('');
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
    return this.#connectionState === 'ready';
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

  onVerdict(verdict: Verdict, durationMs: number): void {
    if (!events.question.heard) return;
    const { service } = this.#in;
    events.question.publish({ service, nodeId: this.node.id, address: this.address, verdict, durationMs });
  }

  onLiveness(news: string): void {
    // Where it is out for another reason, to be asked is no news.
    this.#restand(this.#liveness.isSuspected && this.standing !== 'healthy' ? '' : news);
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
    this.#connection?.close();
    this.#connectionState = 'failed';
    this.#restand('silent, connecting anew');
    this.#connect();
  }

  /** Whether it was connected a moment ago: it may have much to do that it has not done before. */
  isCold(now: number): boolean {
    return now - this.#connectedAt < COLD_MS;
  }

  #onState(state: ConnectionState, cause: string): void {
    if (this.#left && this.#connection === undefined) return;
    if (state === 'ready' && this.#connectionState !== 'ready') this.#connectedAt = this.clock.now();
    this.#connectionState = state;
    if (state !== 'ready') this.#liveness.endSilence();
    this.#restand(cause);
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
    this.#restand(cause);
  }

  #restand(news: string): void {
    const before = this.standing;
    const factualBefore = this.factualStanding;
    this.factualStanding = this.#factualStanding();
    const isOut = this.#ejection.inForce && isUsable(this.factualStanding);
    this.standing = isOut ? 'ejected' : this.factualStanding;
    const isOther = this.standing !== before || this.factualStanding !== factualBefore;
    const cause = this.#causeOf(this.standing, news);
    if (this.standing === before && (cause === '' || cause === this.cause)) {
      if (isOther) this.#in.changed();
      return;
    }
    if (isUsable(this.standing) && !isUsable(before)) this.usableSince = this.clock.now();
    this.cause = this.standing === 'healthy' ? '' : cause;
    // To be asked is no change of state; what comes of it is.
    const asked = this.standing === 'suspect' || before === 'suspect';
    if (!asked || stateOf(this.standing) !== stateOf(before)) this.#publish(stateOf(this.standing), cause);
    if (isOther) this.#in.changed();
  }

  /** Out for a reason of before: to be connected again, say, is no news to that. */
  #causeOf(standing: Standing, news: string): string {
    if (standing === 'held' && this.#intervention !== undefined) return wordsOf(this.#intervention);
    return standing === 'ejected' && news === '' ? this.#ejection.cause : news;
  }

  #factualStanding(): Standing {
    if (this.#connectionState === 'failed') return 'disconnected';
    if (this.#connectionState === 'connecting') return 'connecting';
    if (this.isSilent) return 'silent';
    if (this.#intervention !== undefined) return 'held';
    return this.#liveness.isSuspected ? 'suspect' : 'healthy';
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
    this.#connection?.close();
    this.#connection = undefined;
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

/** Connected, and nothing against it. */
function isUsable(standing: Standing): boolean {
  return standing === 'healthy' || standing === 'suspect';
}

function stateOf(standing: Standing): NodeState {
  switch (standing) {
    case 'healthy':
    case 'suspect':
      return 'ready';
    case 'ejected':
    case 'held':
      return 'ejected';
    case 'connecting':
      return 'connecting';
    case 'silent':
    case 'disconnected':
      return 'down';
  }
}
