import { Metadata } from '@grpc/grpc-js';
import type { Clock, Outcome, Timer } from '@micromesh/core';
import type { Connection, WireListener } from '../transport/transport.js';

/** No server has this method; any status at all, UNIMPLEMENTED after some 2 ms, comes from a process that lives. */
export const QUESTION_PATH = '/micromesh.v1.Liveness/Ask';

/** How long a question waits: a quarter of what is left, within these. */
const ANSWER_MS = { min: 100, max: 1000 };

/**
 * Where half of what is left allows it, at least this long: a process that shares its cores stands still for some 100 ms now and then, one
 * that has just begun for longer, and what is believed dead in the meantime may run twice.
 */
const FAIR_ANSWER_MS = 200;
const COLD_ANSWER_MS = 500;

/** How long a question waits that is asked out of caution: nobody has been waiting for the node. */
export const CAUTIOUS_ANSWER_MS = ANSWER_MS.max;

/**
 * How long a call's question to a node waits for the answer, before the node is silent; in [100, 1000].
 *
 * @param isCold - the node has just begun.
 */
export function answerMs(deadline: number, now: number, isCold = false): number {
  const leftMs = deadline - now;
  const fairMs = Math.min(isCold ? COLD_ANSWER_MS : FAIR_ANSWER_MS, leftMs / 2);
  return Math.max(ANSWER_MS.min, fairMs, Math.min(ANSWER_MS.max, leftMs / 4));
}

/** `silent`: nothing within the time given; `disconnected`: the connection ended meanwhile. */
export type Verdict = 'alive' | 'silent' | 'disconnected';

/**
 * Asks a silent node on its own connection whether it lives. HTTP/2's PING would do, were it not that servers count
 * pings and end the connection with `too_many_pings`, and that a blocked event loop still answers it in some stacks.
 */
export function askNode(connection: Connection, clock: Clock, waitMs: number): Question {
  return new Question(connection, clock, waitMs);
}

/** A timer that is later than this was not late by chance. */
const OWN_STALL_MS = 50;

/** Timers come before sockets in a turn of the event loop: what has arrived meanwhile is read first. */
function afterPoll(work: () => void): void {
  setImmediate(() => setImmediate(work));
}

/** One question and its verdict. */
export class Question implements WireListener {
  /** Settles when the node answers, or when the time is over. */
  readonly verdict: Promise<Verdict>;
  /** Settles when the node answers after all, or its connection ends: when a frozen process thaws. */
  readonly end: Promise<Exclude<Verdict, 'silent'>>;
  readonly #clock: Clock;
  #settle!: (verdict: Exclude<Verdict, 'silent'>) => void;
  #judge!: (verdict: Verdict) => void;
  #timer: Timer | undefined;
  #dueAt = Number.POSITIVE_INFINITY;

  /** @param waitMs - how long until it is silence. */
  constructor(connection: Connection, clock: Clock, waitMs: number) {
    this.#clock = clock;
    this.end = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.verdict = new Promise((resolve) => {
      this.#judge = resolve;
    });
    void this.end.then((verdict) => {
      this.#timer?.cancel();
      this.#judge(verdict);
    });
    this.#waitFor(waitMs);
    const metadata = new Metadata();
    const call = connection.call(
      { path: QUESTION_PATH, metadata, host: undefined, credentials: undefined },
      this,
    );
    call.read();
    call.halfClose();
  }

  /** Somebody else asks the same and has less time: the verdict comes as soon as that one needs it. */
  hasten(waitMs: number): void {
    if (this.#clock.now() + waitMs < this.#dueAt) this.#waitFor(waitMs);
  }

  #waitFor(ms: number): void {
    this.#timer?.cancel();
    const dueAt = this.#clock.now() + ms;
    this.#dueAt = dueAt;
    this.#timer = this.#clock.setTimer(ms, () => {
      // Late: it was this process that stood still, and the node's answer may lie unread in the socket. Less each time, or a process that
      // stands still again and again would never know.
      if (this.#clock.now() - dueAt > OWN_STALL_MS) this.#waitFor(Math.max(OWN_STALL_MS, ms / 2));
      else afterPoll(() => this.#judge('silent'));
    });
  }

  onHeaders(): void {}

  onMessage(): void {}

  onEnd(outcome: Outcome): void {
    this.#settle(outcome.origin === 'remote' ? 'alive' : 'disconnected');
  }
}
