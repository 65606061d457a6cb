import { Metadata } from '@grpc/grpc-js';
import type { Clock, Outcome } from '@micromesh/core';
import type { Connection, WireListener } from '../transport/transport.js';

/** No server has this method; any status at all, UNIMPLEMENTED after some 2 ms, comes from a process that lives. */
export const QUESTION_PATH = '/micromesh.v1.Liveness/Ask';

/** `silent`: nothing within the time given; `disconnected`: the connection ended meanwhile. */
export type Verdict = 'alive' | 'silent' | 'disconnected';

/**
 * Asks a silent node on its own connection whether it lives. HTTP/2's PING would do, were it not that servers count
 * pings and end the connection with `too_many_pings`, and that a blocked event loop still answers it in some stacks.
 */
export function askNode(connection: Connection, clock: Clock, waitMs: number): Question {
  return new Question(connection, clock, waitMs);
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
      const timer = clock.setTimer(waitMs, () => resolve('silent'));
      void this.end.then((verdict) => {
        timer.cancel();
        resolve(verdict);
      });
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
