/** Old calls are forgotten: a second execution comes within the deadline, or after a freeze. */
const CALLS_KEPT = 50_000;

interface KnownCall {
  effects: number;
  ended: boolean;
}

/**
 * Counts the demo's own calls and their executions. Executions count when their call has ended, so that both figures speak of the same
 * calls; those of calls that somebody else made are counted apart.
 */
export class ExecutionCounter {
  readonly #calls = new Map<string, KnownCall>();
  #inFlight = 0;
  #total = 0;
  #twice = 0;
  #ofOthers = 0;

  /** Own calls that have started and not ended. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Executions of own calls that have ended. */
  get total(): number {
    return this.#total;
  }

  /** Own calls that were executed more than once, ended or not. */
  get twice(): number {
    return this.#twice;
  }

  /** Executions of calls that are not the demo's own. */
  get ofOthers(): number {
    return this.#ofOthers;
  }

  started(id: string): void {
    this.#inFlight++;
    this.#calls.set(id, { effects: 0, ended: false });
    if (this.#calls.size <= CALLS_KEPT) return;
    // A Map gives its keys in the order in which they came.
    for (const oldest of this.#calls.keys()) {
      this.#calls.delete(oldest);
      break;
    }
  }

  ended(id: string): void {
    this.#inFlight--;
    const call = this.#calls.get(id);
    if (call === undefined) return;
    call.ended = true;
    this.#total += call.effects;
  }

  executed(id: string): void {
    const call = this.#calls.get(id);
    if (call === undefined) {
      this.#ofOthers++;
      return;
    }
    call.effects++;
    if (call.ended) this.#total++;
    if (call.effects === 2) this.#twice++;
  }
}
