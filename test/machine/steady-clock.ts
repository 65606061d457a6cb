/** How often it looks. */
const TICK_MS = 10;

/** Time as far as the machine lets this process run: what it stands still is left out, so that bounds on time speak of the product. */
export class SteadyClock {
  #ranMs = 0;
  #longestMs = 0;
  #tickAt = performance.now();
  readonly #timer = setInterval(() => this.#tick(), TICK_MS).unref();

  /** Since the start of it, in milliseconds. */
  now(): number {
    return this.#ranMs + Math.min(performance.now() - this.#tickAt, 2 * TICK_MS);
  }

  /** The longest that this process was not run, in milliseconds. */
  get longestStandStillMs(): number {
    return Math.max(this.#longestMs, performance.now() - this.#tickAt - TICK_MS);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#tick();
  }

  #tick(): void {
    const now = performance.now();
    const elapsedMs = now - this.#tickAt;
    this.#tickAt = now;
    this.#ranMs += Math.min(elapsedMs, 2 * TICK_MS);
    this.#longestMs = Math.max(this.#longestMs, elapsedMs - TICK_MS);
  }
}

/** How long some work takes, by a {@link SteadyClock}. */
export async function steadyMs(work: () => PromiseLike<unknown>): Promise<number> {
  const clock = new SteadyClock();
  try {
    await work();
    return clock.now();
  } finally {
    clock.end();
  }
}
