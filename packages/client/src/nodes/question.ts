import { Metadata } from '@grpc/grpc-js';
import type { Clock, Outcome, Timer } from '@micromesh/core';
import type { Connection, WireListener } from '../transport/transport.js';

/** No server has this method; any status at all, UNIMPLEMENTED after some 2 ms, comes from a process that lives. */
export const QUESTION_PATH = '/micromesh.v1.Liveness/Ask';

/** How long a question waits: a quarter of what is left, within these. */
const ANSWER_MS = { min: 100, max: 1000 };

/** How long a call's question to a node waits for the answer, before the node is silent; in [100, 1000]. */
export function answerMs(deadline: number, now: number): number {
  return Math.max(ANSWER_MS.min, Math.min(ANSWER_MS.max, (deadline - now) / 4));
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
  /** Settles when the node answers, or when `waitMs` are over. */
  readonly verdict: Promise<Verdict>;
  /** Settles when the node answers after all, or its connection ends: when a frozen process thaws. */
  readonly end: Promise<Exclude<Verdict, 'silent'>>;
  #settle!: (verdict: Exclude<Verdict, 'silent'>) => void;

  constructor(connection: Connection, clock: Clock, waitMs: number) {
    this.end = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.verdict = new Promise((resolve) => {
      let timer = waitFor(waitMs);
      void this.end.then((verdict) => {
        timer.cancel();
        resolve(verdict);
      });
      function waitFor(ms: number): Timer {
        const dueAt = clock.now() + ms;
        return clock.setTimer(ms, () => {
          // Late: it was this process that stood still, and the node's answer may lie unread in the socket.
          if (clock.now() - dueAt > OWN_STALL_MS) timer = waitFor(ms);
          else afterPoll(() => resolve('silent'));
        });
      }
    });
    const metadata = new Metadata();
    const call = connection.call(
      { path: QUESTION_PATH, metadata, host: undefined, credentials: undefined },
      this,
    );
    call.read();
    call.halfClose();
  }

  onHeaders(): void {}

  onMessage(): void {}

  onEnd(outcome: Outcome): void {
    this.#settle(outcome.origin === 'remote' ? 'alive' : 'disconnected');
  }
}
