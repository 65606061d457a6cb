/** What the newest interval counts for. */
const WEIGHT = 0.1;

/** How fast a server that is full has calls end: what one that it refuses would have to wait. */
export class DrainRate {
  /** When it became full, or the last call ended since; undefined while it is not full. */
  #since: number | undefined;
  #msPerCall = 0;

  /** The last place was taken. */
  full(now: number): void {
    this.#since ??= now;
  }

  /** A call has ended. */
  ended(now: number, stillFull: boolean): void {
    if (this.#since !== undefined) this.#msPerCall += WEIGHT * (now - this.#since - this.#msPerCall);
    this.#since = stillFull ? now : undefined;
  }

  /** Milliseconds between one end and the next; where none has come for longer, so long. */
  msPerCall(now: number): number {
    return this.#since === undefined ? this.#msPerCall : Math.max(this.#msPerCall, now - this.#since);
  }
}
