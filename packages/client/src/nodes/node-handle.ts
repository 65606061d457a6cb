import {
  type Clock,
  events,
  formatAddress,
  type NodeReport,
  type NodeState,
  type Outcome,
  type ServiceKey,
  type ServiceNode,
  type Timer,
} from '@micromesh/core';
import {
  type AttemptCounts,
  type Candidate,
  OutlierRecord,
  type OutlierSettings,
  type Standing,
} from '@micromesh/selector';
import { type Intervention, sameIntervention, wordsOf } from '../interventions/intervention.js';
import type { Connection, ConnectionState, Transport } from '../transport/transport.js';
import { checkHealth } from './health-check.js';
import { askNode, type Verdict } from './question.js';
import { SilenceWatch, type Waiter } from './silence-watch.js';

/** An attempt that holds a node's channel, as the node sees it. */
export interface LeasedAttempt extends Waiter {
  /** Its node is silent: ends it, where its call gains by that. */
  giveUp(outcome: Outcome): void;
}

/** What the handle asks of the service it belongs to. */
export interface NodeSurroundings {
  readonly service: ServiceKey;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly outlier: OutlierSettings;
  /** The node's standing has changed. */
  changed(): void;
  /** Whether another connected node could take this one's calls. */
  hasOther(handle: NodeHandle): boolean;
  /** The records of all other nodes. */
  peersOf(handle: NodeHandle): readonly OutlierRecord[];
  /** Whether one more node may be ejected. */
  mayEject(): boolean;
  /** What the attempts on a silent node end with. */
  silentOutcome(handle: NodeHandle): Outcome;
}

/** How long a silent node keeps its connection before another is tried: by then a freeze is no pause any more. */
const SILENT_RECONNECT_MS = 10_000;

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
  readonly #in: NodeSurroundings;
  readonly #attempts = new Set<LeasedAttempt>();
  readonly #watch: SilenceWatch;
  /** Attempts that were under way at the last loss that counted: what they lose is the same loss. */
  #sharingLoss = new Set<LeasedAttempt>();
  #connection: Connection | undefined;
  #connectionState: ConnectionState = 'connecting';
  #silent = false;
  #asking: Promise<Verdict> | undefined;
  #suspected = false;
  #ejected = false;
  #ejectionCause = '';
  /** On the mesh's clock. */
  #ejectionEndsAt = 0;
  #ejectionEnd: Timer | undefined;
  #intervention: Intervention | undefined;
  #silentReconnect: Timer | undefined;
  #left = false;
  #leases = 0;
  /** When anything last came from the node, on the mesh's clock. */
  heardAt = Number.NEGATIVE_INFINITY;
  standing: Standing = 'connecting';
  usableSince = Number.NEGATIVE_INFINITY;

  constructor(node: ServiceNode, surroundings: NodeSurroundings) {
    this.node = node;
    this.address = formatAddress(node.address);
    this.#in = surroundings;
    this.record = new OutlierRecord(surroundings.outlier);
    this.#watch = new SilenceWatch(this.#attempts, surroundings.clock);
  }

  /** Opens the channel, unless it is open. */
  open(): void {
    if (this.#connection !== undefined || this.#left) return;
    this.#publish('connecting', '');
    this.#connection = this.#in.transport.connect(this.node, (state, cause) => this.#onState(state, cause));
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
    this.heardAt = now;
  }

  /** Whether a status that the node's server answers counts against it. */
  countsCode(code: number): boolean {
    const { countedCodes } = this.#in.outlier;
    return countedCodes.length > 0 && countedCodes.includes(code);
  }

  /** Counts what an attempt came to, and ejects the node when it does worse than its peers. */
  countSuccess(now: number, latencyMs?: number): void {
    this.record.success(now, latencyMs);
    this.#judge(now);
  }

  countFailure(now: number): void {
    this.record.failure(now);
    this.#judge(now);
  }

  #judge(now: number): void {
    if (this.#ejected || this.#left) return;
    const cause = this.record.outlierCause(now, () => this.#in.peersOf(this));
    if (cause !== undefined && this.#in.mayEject()) this.#eject(now, cause);
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
    return this.#ejected || this.#intervention !== undefined;
  }

  /** An operator has taken the node out until further notice; undefined: has not, or no longer. */
  intervene(intervention: Intervention | undefined): void {
    if (this.#left || sameIntervention(intervention, this.#intervention)) return;
    this.#intervention = intervention;
    this.#restand('');
  }

  /** What is known of it, for people. */
  report(): NodeReport {
    const state = stateOf(this.standing);
    const { id } = this.node;
    const untilMs = state === 'ejected' ? this.#ejectedUntilMs() : undefined;
    return { id, address: this.address, state, cause: this.cause, untilMs };
  }

  #ejectedUntilMs(): number {
    const { clock } = this.#in;
    return this.#intervention?.untilMs ?? Math.round(clock.wallNow() + this.#ejectionEndsAt - clock.now());
  }

  get isConnected(): boolean {
    return this.#connectionState === 'ready';
  }

  get isSilent(): boolean {
    return this.#silent;
  }

  /**
   * Asks the node whether it lives; a question that is under way is shared.
   *
   * @param waitMs - how long the first who asks waits for the answer.
   */
  ask(waitMs: number): Promise<Verdict> {
    if (this.#silent) return Promise.resolve('silent');
    if (!this.isConnected) return Promise.resolve('disconnected');
    this.#asking ??= this.#question(waitMs);
    return this.#asking;
  }

  async #question(waitMs: number): Promise<Verdict> {
    const { clock } = this.#in;
    const startedAt = clock.now();
    const question = askNode(this.connection, clock, waitMs);
    this.#suspected = true;
    this.#restand(this.standing === 'healthy' ? 'asked whether it lives' : '');
    const verdict = await question.verdict;
    this.#asking = undefined;
    this.#suspected = false;
    const durationMs = clock.now() - startedAt;
    if (events.question.heard) {
      const { service } = this.#in;
      events.question.publish({ service, nodeId: this.node.id, address: this.address, verdict, durationMs });
    }
    if (verdict === 'alive') this.heard(clock.now());
    if (verdict === 'silent' && this.isConnected) {
      this.#becomeSilent(`silent for ${Math.round(durationMs)} ms when asked`);
      void question.end.then((end) => this.#speaksAgain(end));
    } else {
      this.#restand('');
    }
    return verdict;
  }

  #becomeSilent(cause: string): void {
    this.#silent = true;
    this.#silentReconnect = this.#in.clock.setTimer(
      SILENT_RECONNECT_MS,
      () => this.#reconnectIfIdle(),
      false,
    );
    this.#restand(cause);
    this.cutSilentAttempts();
  }

  #speaksAgain(end: Exclude<Verdict, 'silent'>): void {
    if (!this.#silent || end === 'disconnected') return;
    this.heard(this.#in.clock.now());
    this.#endSilence();
    this.#restand('');
  }

  #endSilence(): void {
    this.#silent = false;
    this.#silentReconnect?.cancel();
  }

  /** Sends what waits for a silent node elsewhere, if there is an elsewhere. */
  cutSilentAttempts(): void {
    if (!this.#silent) return;
    for (const attempt of [...this.#attempts]) this.cutIfSilent(attempt);
  }

  /** The same for one attempt: what could not go elsewhere at first may do so later. */
  cutIfSilent(attempt: LeasedAttempt): void {
    if (this.#silent && this.#in.hasOther(this)) attempt.giveUp(this.#in.silentOutcome(this));
  }

  #reconnectIfIdle(): void {
    if (!this.#silent || this.#left) return;
    if (this.#leases > 0) {
      this.#silentReconnect = this.#in.clock.setTimer(
        SILENT_RECONNECT_MS,
        () => this.#reconnectIfIdle(),
        false,
      );
      return;
    }
    this.#connection?.close();
    this.#endSilence();
    this.#connectionState = 'failed';
    this.#restand('silent, connecting anew');
    this.#connection = this.#in.transport.connect(this.node, (state, cause) => this.#onState(state, cause));
  }

  #onState(state: ConnectionState, cause: string): void {
    if (this.#left && this.#connection === undefined) return;
    this.#connectionState = state;
    if (this.#silent && state !== 'ready') this.#endSilence();
    this.#restand(cause);
  }

  #eject(now: number, cause: string): void {
    const lengthMs = this.record.eject(now);
    this.#ejected = true;
    this.#ejectionEndsAt = now + lengthMs;
    this.#ejectionCause = `ejected for ${lengthMs} ms: ${cause}`;
    this.#restand(this.#ejectionCause);
    this.#ejectionEnd = this.#in.clock.setTimer(lengthMs, () => void this.#probe(), false);
  }

  /** Half-open: the way back leads through a health check, not through somebody's call. */
  async #probe(): Promise<void> {
    const healthy = this.isConnected && (await checkHealth(this.connection, this.#in.clock, 1000));
    if (this.#left) return;
    const now = this.#in.clock.now();
    if (!healthy) {
      this.#eject(now, 'the health check failed');
      return;
    }
    this.record.restore(now);
    this.#ejected = false;
    this.#restand('');
  }

  #restand(news: string): void {
    const before = this.standing;
    this.standing = this.#standing();
    const cause = this.#causeOf(this.standing, news);
    if (this.standing === before && (cause === '' || cause === this.cause)) return;
    if (isUsable(this.standing) && !isUsable(before)) this.usableSince = this.#in.clock.now();
    this.cause = this.standing === 'healthy' ? '' : cause;
    // To be asked is no change of state; what comes of it is.
    const asked = this.standing === 'suspect' || before === 'suspect';
    if (!asked || stateOf(this.standing) !== stateOf(before)) this.#publish(stateOf(this.standing), cause);
    if (this.standing !== before) this.#in.changed();
  }

  /** Out for a reason of before: to be connected again, say, is no news to that. */
  #causeOf(standing: Standing, news: string): string {
    if (standing === 'held' && this.#intervention !== undefined) return wordsOf(this.#intervention);
    return standing === 'ejected' && news === '' ? this.#ejectionCause : news;
  }

  #standing(): Standing {
    if (this.#connectionState === 'failed') return 'disconnected';
    if (this.#connectionState === 'connecting') return 'connecting';
    if (this.#silent) return 'silent';
    if (this.#intervention !== undefined) return 'held';
    if (this.#ejected) return 'ejected';
    return this.#suspected ? 'suspect' : 'healthy';
  }

  /** The registry no longer has the instance: no new calls, and the channel closes with its last one. */
  retire(): void {
    if (this.#left) return;
    this.#left = true;
    this.#ejectionEnd?.cancel();
    if (this.#leases === 0) this.#close();
  }

  #close(): void {
    this.#silentReconnect?.cancel();
    this.#connection?.close();
    this.#connection = undefined;
    this.#publish('left', 'no longer registered');
  }

  #publish(state: NodeState, cause: string): void {
    if (!events.node.heard) return;
    events.node.publish({
      service: this.#in.service,
      nodeId: this.node.id,
      address: this.address,
      state,
      cause,
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
