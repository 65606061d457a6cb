/**
 * A number of places, and a line of bounded length before them: first come, first served. What counts calls at a time,
 * on either side, counts with it.
 */
export class Places {
  #taken = 0;
  readonly #line = new Set<() => void>();
  /** Places are being given to those that wait. */
  #handsOn = false;

  /**
   * @param max - places, at least 1.
   * @param queue - how many may wait for one, at least 0.
   */
  constructor(
    readonly max: number,
    readonly queue: number,
  ) {}

  /** Places that are taken, `max` at most. */
  get taken(): number {
    return this.#taken;
  }

  /** How many wait, `queue` at most. */
  get waiting(): number {
    return this.#line.size;
  }

  /** Takes a place, if one is free. */
  tryEnter(): boolean {
    // A place that is left goes to the first in the line, so that none is free to others while somebody waits.
    if (this.#taken >= this.max || (this.#handsOn && this.#line.size > 0)) return false;
    this.#taken++;
    return true;
  }

  /**
   * Waits for a place; `enter` is called, once, by whoever leaves one, and has it then.
   *
   * @returns what leaves the line (and does nothing once `enter` was called); undefined when the line is full.
   */
  tryWait(enter: () => void): (() => void) | undefined {
    if (this.#line.size >= this.queue) return undefined;
    // One entry each, also where two wait with the same function.
    const waiting = () => enter();
    this.#line.add(waiting);
    return () => {
      this.#line.delete(waiting);
    };
  }

  /**
   * Gives a place back, to the first who waits.
   *
   * @throws Error when none is taken: a place was given back twice.
   */
  leave(): void {
    if (this.#taken === 0) throw new Error('a place was given back that nobody had taken');
    this.#taken--;
    if (this.#line.size > 0 && !this.#handsOn) this.#handOn();
  }

  /** Who gets a place may leave it at once: the next is called from here and not from there, or a long line would overflow the stack. */
  #handOn(): void {
    this.#handsOn = true;
    try {
      for (const first of this.#line) {
        if (this.#taken >= this.max) return;
        this.#line.delete(first);
        this.#taken++;
        first();
      }
    } finally {
      this.#handsOn = false;
    }
  }
}
