import { status } from '@grpc/grpc-js';
import { RpcError } from 'micromesh';
import type { FakeClock } from 'micromesh/testing';

/** What a node can do: some workers, and a line before them. */
export interface QueueSetting {
  readonly workers: number;
  /** How long a worker is at a request. */
  readonly workMs: number;
  /** How many requests may wait. */
  readonly queue: number;
}

/** One for all: a storm is refused a hundred thousand times, and each error would have a stack. */
const FULL = new RpcError(status.UNAVAILABLE, 'too many requests wait already');

/**
 * A plain server's work: first come, first served. A worker does not look whether the caller still waits: a request that was
 * given up long ago takes as long as any other.
 */
export class WorkQueue {
  readonly #waiting = new Set<() => void>();
  #workers: number;
  #busy = 0;

  constructor(
    private readonly clock: FakeClock,
    private readonly setting: QueueSetting,
  ) {
    this.#workers = setting.workers;
  }

  /** Has so many workers from now on; one that is at a request ends it first. */
  staff(workers: number): void {
    this.#workers = workers;
    this.#startWaiting();
  }

  /**
   * Resolves when the request has had its turn and a worker is done with it.
   *
   * @param signal - takes the request out of the line, before its turn.
   * @throws RpcError UNAVAILABLE at once, when too many wait; CANCELLED when the signal took it out.
   */
  async work(signal?: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.setting.queue) throw FULL;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.add(resolve);
      signal?.addEventListener('abort', () => {
        if (this.#waiting.delete(resolve)) reject(new RpcError(status.CANCELLED, 'the caller has gone'));
      });
      this.#startWaiting();
    });
  }

  #startWaiting(): void {
    for (const done of this.#waiting) {
      if (this.#busy >= this.#workers) return;
      this.#waiting.delete(done);
      this.#busy++;
      this.clock.setTimer(this.setting.workMs, () => {
        this.#busy--;
        this.#startWaiting();
        done();
      });
    }
  }
}
