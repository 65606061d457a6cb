import { type Metadata, status } from '@grpc/grpc-js';
import {
  type Clock,
  type Delivery,
  type Outcome,
  receivesOneMessage,
  SENT_AT,
  type ServiceNode,
  sendsOneMessage,
  type Timer,
} from '@micromesh/core';
import type { ClientCall } from '../call/client-call.js';
import type { RunningAttempt } from '../call/running-attempt.js';
import { supersededOutcome } from '../chain/local-outcome.js';
import type { LeasedAttempt } from '../nodes/leased-attempt.js';
import type { NodeHandle } from '../nodes/node-handle.js';
import { mayGoElsewhere } from '../retry/decide-retry.js';
import type { WireCall, WireListener } from '../transport/transport.js';
import { attemptMetadata } from './attempt-metadata.js';

/** How long the response headers of a stream wait for its first message: a bidi client may write only after them. */
const HEADERS_HELD_MS = 50;

/** What waits for an attempt's node. */
export interface Patience {
  /** Looks whether the node is silent. */
  lookAtNode(): void;
  end(): void;
}

/**
 * One attempt on one node. Writes the call's messages one at a time; holds what comes back until it is the call's own.
 * Its promise resolves when it has ended, whatever the kind of call.
 */
export class Attempt implements RunningAttempt, WireListener, LeasedAttempt {
  /** Of this attempt alone; attempt interceptors may add to it. */
  readonly metadata: Metadata;
  readonly startedAt: number;
  /** When the first message of a stream came; undefined: not yet, or there is one message. */
  answeredAt: number | undefined;
  /** When the node's silence is looked at next; Infinity: not now. */
  lookAt = Number.POSITIVE_INFINITY;
  /** Looks at the node's silence, and knows what to do about it. */
  patience: Patience | undefined;
  /** Among the attempts on its node. */
  place = -1;
  readonly #oneRequest: boolean;
  readonly #oneMessage: boolean;
  readonly #clock: Clock;
  #wire: WireCall | undefined;
  #resolve: ((outcome: Outcome) => void) | undefined;
  #onWritten: (() => void) | undefined;
  #ended: Outcome | undefined;
  #next = 0;
  #writing = false;
  #halfClosed = false;
  #firstRead = false;
  /** A message was asked for and has not come. */
  #reading = false;
  /** Further messages to ask for, one after the other: grpc-js makes one of two reads that come at once. */
  #readsToCome = 0;
  #firstMessageCame = false;
  #headers: Metadata | undefined;
  #headersGiven = false;
  #headersTimer: Timer | undefined;
  /** What it says of when it left. */
  #stamp: string | undefined;
  #message: Buffer | undefined;

  /** @param attempt - 1 for the first. */
  constructor(
    readonly call: ClientCall,
    readonly handle: NodeHandle,
    readonly attempt: number,
    clock: Clock,
  ) {
    this.#clock = clock;
    this.#oneRequest = sendsOneMessage(call.method.kind);
    this.#oneMessage = receivesOneMessage(call.method.kind);
    this.startedAt = clock.now();
    this.metadata = attemptMetadata(call, attempt, this.startedAt);
  }

  get node(): ServiceNode {
    return this.handle.node;
  }

  get nodeId(): string {
    return this.handle.node.id;
  }

  get nodeTrouble(): string | undefined {
    const { node, address, standing, cause } = this.handle;
    return standing === 'healthy' ? undefined : `node ${node.id} ${address} is ${cause || standing}`;
  }

  /** How many messages it has begun to write. */
  get position(): number {
    return this.#next;
  }

  get claimed(): boolean {
    return this.call.winner === this;
  }

  /** What is known of its request by now. */
  get delivery(): Delivery {
    return this.#wire === undefined ? 'unsent' : (this.#ended?.delivery ?? 'unknown');
  }

  /** How it ended, once it has. */
  get ended(): Outcome | undefined {
    return this.#ended;
  }

  /** Puts the attempt on the wire. */
  send(): Promise<Outcome> {
    if (this.#ended !== undefined) return Promise.resolve(this.#ended);
    const ended = new Promise<Outcome>((resolve) => {
      this.#resolve = resolve;
    });
    const { path, host, credentials } = this.call;
    this.#stampIfOnce();
    this.#wire = this.handle.connection.call({ path, metadata: this.metadata, host, credentials }, this);
    if (this.#oneMessage || this.call.readsWanted > 0) this.readFirst();
    this.#readOn();
    this.pump();
    return ended;
  }

  /** Waits before it goes on the wire. @returns how it ended, where that came first. */
  hold(ms: number): Promise<Outcome | undefined> {
    if (this.#ended !== undefined) return Promise.resolve(this.#ended);
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(ms, () => {
        this.#resolve = undefined;
        resolve(undefined);
      });
      this.#resolve = (outcome) => {
        timer.cancel();
        resolve(outcome);
      };
    });
  }

  /** What must not run twice is not begun where it comes so late that another node may have been asked: a server of micromesh sees to it. */
  #stampIfOnce(): void {
    if (this.call.plan.idempotent || !this.#oneRequest || !this.node.micromesh) return;
    this.#stamp = this.handle.stamps.at(this.#clock.now());
    this.metadata.set(SENT_AT, this.#stamp);
  }

  /** Writes the next message that is there, unless one is being written. */
  pump(): void {
    const { requests } = this.call;
    const wire = this.#wire;
    if (wire === undefined || this.#writing || this.#halfClosed || this.#ended !== undefined) return;
    const message = requests.at(this.#next);
    if (message !== undefined) {
      this.#next++;
      // Nobody waits for the only message to be written: the end of the call tells as much.
      const alone = this.#oneRequest && message.written === undefined;
      this.#writing = !alone;
      wire.send(message.bytes, message.flags, alone ? undefined : this.#toldOfWrites());
    }
    // The half-close goes with the last message: a write's callback says nothing about the wire anyway.
    if (requests.ended && this.#next === requests.count) {
      this.#halfClosed = true;
      wire.halfClose();
    }
  }

  #toldOfWrites(): () => void {
    this.#onWritten ??= () => {
      this.#writing = false;
      // What an attempt that is over has written, another has still to write: only that one may drop it.
      if (this.#ended !== undefined) return;
      this.call.requests.acknowledge(this.#next);
      this.pump();
    };
    return this.#onWritten;
  }

  /** Asks the node for the first message, once. */
  readFirst(): void {
    if (this.#firstRead || this.#wire === undefined) return;
    this.#firstRead = true;
    this.#readsToCome++;
    this.#readOn();
  }

  /** Asks for a further message: the call is this attempt's. */
  read(): void {
    if (this.#oneMessage) return;
    this.#readsToCome++;
    this.#readOn();
  }

  #readOn(): void {
    if (this.#reading || this.#readsToCome === 0 || this.#wire === undefined) return;
    this.#readsToCome--;
    this.#reading = true;
    this.#wire.read();
  }

  peer(): string | undefined {
    return this.#wire?.peer();
  }

  onHeaders(metadata: Metadata): void {
    this.handle.heard(this.#clock.now());
    if (this.#ended !== undefined) return;
    this.#headers = metadata;
    if (!this.#oneMessage) {
      this.#headersTimer = this.#clock.setTimer(HEADERS_HELD_MS, () => this.#releaseHeaders());
    }
  }

  onMessage(message: Buffer): void {
    // Headers came before it and the end comes with it: each is heard.
    if (this.#oneMessage) {
      this.#message = message;
      return;
    }
    this.handle.heard(this.#clock.now());
    if (this.#ended !== undefined) return;
    this.#reading = false;
    if (!this.#firstMessageCame) {
      if (!this.call.claim(this)) return;
      this.#firstMessageCame = true;
      this.answeredAt = this.handle.heardAt;
      this.#readsToCome += this.call.takeReads();
      this.#giveHeaders();
    }
    this.call.listener.onMessage(message);
    this.#readOn();
  }

  onEnd(outcome: Outcome): void {
    if (this.#ended !== undefined) return;
    const told = this.#cameLate(outcome)
      ? ({ ...outcome, delivery: 'unsent', reason: 'late' } as const)
      : outcome;
    const end = this.#oneMessage ? this.#endOfOne(told) : this.#endOfMany(told);
    // Who hears the headers or the message may have ended the call.
    if (this.#ended === undefined) this.#end(end);
  }

  #cameLate(outcome: Outcome): boolean {
    if (this.#stamp === undefined || outcome.code !== status.UNAVAILABLE) return false;
    return this.handle.stamps.renewedBy(outcome, this.#stamp);
  }

  /** Ends the attempt from outside: the wire is told, and nobody waits for its answer. */
  cut(outcome: Outcome): void {
    if (this.#ended !== undefined) return;
    this.#wire?.cancel();
    this.#end(outcome);
  }

  /**
   * Its node is silent. Where the call can go nowhere else it may as well wait: the node may thaw before the deadline. Without
   * a deadline that might be for ever.
   */
  giveUp(outcome: Outcome): void {
    if (this.claimed || this.#ended !== undefined) return;
    // A node that has just begun stands still between an effect and its answer for longer than a call that must not run twice can tell.
    if (!this.call.plan.idempotent && this.handle.hasJustBegun(this.#clock.now())) return;
    const mayWait = this.call.deadline !== Number.POSITIVE_INFINITY;
    if (mayGoElsewhere(this.call, outcome, this.#clock) || !mayWait) this.cut(outcome);
  }

  /** Looks at the node's silence. */
  look(): void {
    this.lookAt = Number.POSITIVE_INFINITY;
    this.patience?.lookAtNode();
  }

  /** Another attempt has won. */
  supersede(): void {
    this.cut(supersededOutcome('unknown'));
  }

  #end(outcome: Outcome): void {
    this.#ended = outcome;
    // Of the last that failed, be it without headers: they go with its status.
    if (outcome.code !== status.OK && outcome.reason !== 'superseded')
      this.call.failedHeaders = this.#headers;
    this.#headersTimer?.cancel();
    this.call.finish(this);
    this.#resolve?.(outcome);
  }

  #endOfOne(outcome: Outcome): Outcome {
    const message = this.#message;
    // The whole answer is here and only its status was lost with the connection: to ask again would run it twice.
    const statusLost = outcome.origin === 'local' && outcome.delivery === 'answered';
    const answered = (outcome.reason === 'dropped' || statusLost) && message !== undefined;
    if (outcome.code !== status.OK && !answered) return outcome;
    if (!this.call.claim(this)) return outcome;
    this.#giveHeaders();
    if (message !== undefined) this.call.listener.onMessage(message);
    return answered
      ? { ...outcome, code: status.OK, details: '', reason: 'none', delivery: 'answered' }
      : outcome;
  }

  #endOfMany(outcome: Outcome): Outcome {
    if (outcome.code === status.OK && this.call.claim(this)) this.#giveHeaders();
    return outcome;
  }

  #releaseHeaders(): void {
    if (this.#ended === undefined && this.call.claim(this)) this.#giveHeaders();
  }

  #giveHeaders(): void {
    if (this.#headersGiven || this.#headers === undefined) return;
    this.#headersGiven = true;
    this.call.giveHeaders(this.#headers);
  }
}
