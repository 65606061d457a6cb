import type { Clock, Timer } from '@micromesh/core';
import type { Connection } from '../transport/transport.js';
import { askNode, CAUTIOUS_ANSWER_MS, type Question, type Verdict } from './question.js';

/** How long a silent node keeps its connection before another is tried: by then a freeze is no pause any more. */
const SILENT_RECONNECT_MS = 10_000;

/** The node whose life is asked after. */
export interface LivenessOwner {
  readonly clock: Clock;
  readonly connection: Connection;
  readonly isConnected: boolean;
  /** No attempt holds its channel. */
  readonly isIdle: boolean;
  /** Asked, answered or silent: what it is to callers may be another. */
  onLiveness(news: string): void;
  /** Something came from the node. */
  onHeard(now: number): void;
  /** A question has come to its end. */
  onVerdict(verdict: Verdict, durationMs: number): void;
  /** It has been silent for long and nobody waits for it: it is worth a new connection. */
  reconnect(): void;
}

/** What is known of whether a node lives, beyond its connection. */
export class Liveness {
  readonly #owner: LivenessOwner;
  #silent = false;
  #asking: Promise<Verdict> | undefined;
  #question: Question | undefined;
  #reconnect: Timer | undefined;
  #ended = false;
  #heardAt = Number.NEGATIVE_INFINITY;
  /** When the last question that the node answered was put, on the mesh's clock: it lived then, or later. */
  provedAt = Number.NEGATIVE_INFINITY;

  constructor(owner: LivenessOwner) {
    this.#owner = owner;
  }

  /** When anything last came from the node, on the mesh's clock. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Something came from the node. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#owner.onHeard(now);
  }

  /** It was asked, and has said nothing since. */
  get isSilent(): boolean {
    return this.#silent;
  }

  /** It is being asked. */
  get isSuspected(): boolean {
    return this.#asking !== undefined;
  }

  /**
   * Asks the node whether it lives; a question that is under way is shared.
   *
   * @param waitMs - how long to wait for the answer, before the node is silent to all; of those who share it the least counts.
   */
  ask(waitMs: number): Promise<Verdict> {
    if (this.#silent) return Promise.resolve('silent');
    if (!this.#owner.isConnected) return Promise.resolve('disconnected');
    if (this.#asking === undefined) this.#asking = this.#ask(waitMs);
    else this.#question?.hasten(waitMs);
    return this.#asking;
  }

  async #ask(waitMs: number): Promise<Verdict> {
    const { clock } = this.#owner;
    const startedAt = clock.now();
    const question = askNode(this.#owner.connection, clock, waitMs);
    this.#question = question;
    // Under way from here on, though who asks has the promise only after this turn.
    this.#asking = question.verdict;
    this.#owner.onLiveness('asked whether it lives');
    const verdict = await question.verdict;
    this.#asking = undefined;
    this.#question = undefined;
    const durationMs = clock.now() - startedAt;
    this.#owner.onVerdict(verdict, durationMs);
    if (verdict === 'alive') {
      this.heard(clock.now());
      this.provedAt = startedAt;
    }
    if (verdict === 'silent' && this.#owner.isConnected && !this.#ended) {
      this.#becomeSilent(`silent for ${Math.round(durationMs)} ms when asked`);
      void this.#listen(question);
    } else {
      this.#owner.onLiveness('');
    }
    return verdict;
  }

  #becomeSilent(cause: string): void {
    this.#silent = true;
    this.#awaitReconnect();
    this.#owner.onLiveness(cause);
  }

  /**
   * Waits until the node speaks again, and answers a question that is put then: after a link was down, TCP catches up with what was lost
   * by steps of some 40 ms, and only a new answer says that it has.
   */
  async #listen(question: Question): Promise<void> {
    if ((await question.end) === 'disconnected' || !this.#isMissed) return;
    const { clock, connection } = this.#owner;
    const end = await askNode(connection, clock, CAUTIOUS_ANSWER_MS).end;
    if (end === 'disconnected' || !this.#isMissed) return;
    this.heard(clock.now());
    this.endSilence();
    this.#owner.onLiveness('');
  }

  /** One that has left may bring the answer to its last call in the same turn, and then has no connection any more. */
  get #isMissed(): boolean {
    return this.#silent && !this.#ended;
  }

  /** Its connection has ended, so that what it did not say there means nothing any more. */
  endSilence(): void {
    this.#silent = false;
    this.#reconnect?.cancel();
  }

  #awaitReconnect(): void {
    this.#reconnect = this.#owner.clock.setTimer(SILENT_RECONNECT_MS, () => this.#reconnectIfIdle(), false);
  }

  #reconnectIfIdle(): void {
    if (!this.#silent || this.#ended) return;
    if (!this.#owner.isIdle) {
      this.#awaitReconnect();
      return;
    }
    this.endSilence();
    this.#owner.reconnect();
  }

  /** Leaves no timer. */
  end(): void {
    this.#ended = true;
    this.#reconnect?.cancel();
  }
}
