import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { LedgerMessage } from '../service/ledger.js';
import type { EffectLog } from './effect-log.js';
import type { NodeMode } from './messages.js';

const WORK_MS = 10;
const STREAM_MESSAGES = 10;
const STREAM_PAUSE_MS = 50;

/** A call that fails by a node's mode. */
export class ModeFailure extends Error {
  readonly code: number;

  constructor(code: number) {
    super('this node fails as it was told to');
    this.code = code;
  }
}

/** What a node does for a call, whichever library serves it. */
export class Work {
  readonly #log: EffectLog;
  #mode: NodeMode = {};

  constructor(log: EffectLog) {
    this.#log = log;
  }

  behave(mode: NodeMode): void {
    this.#mode = mode;
  }

  /**
   * Works for a while and then takes effect.
   *
   * @param stillWanted - the last look before what cannot be undone; rejects where the caller is gone.
   * @throws ModeFailure before the effect, where the mode says so.
   */
  async answer({ id: call }: LedgerMessage, stillWanted: () => Promise<void>): Promise<LedgerMessage> {
    this.#log('start', call);
    this.#mayFail();
    await sleep(WORK_MS + (this.#mode.slowerMs ?? 0));
    await stillWanted();
    this.#log('effect', call);
    return { id: call };
  }

  /** Takes effect with its first message, then sends some more, half a second in all. */
  async *stream({ id: call }: LedgerMessage): AsyncGenerator<LedgerMessage> {
    this.#log('start', call);
    this.#mayFail();
    this.#log('effect', call);
    try {
      for (let message = 0; message < STREAM_MESSAGES; message++) {
        yield { id: call };
        await sleep(STREAM_PAUSE_MS);
      }
    } finally {
      this.#log('end', call);
    }
  }

  #mayFail(): void {
    const { failRatio = 0, failCode = status.INTERNAL } = this.#mode;
    if (Math.random() < failRatio) throw new ModeFailure(failCode);
  }
}
