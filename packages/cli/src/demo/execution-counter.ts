/** Old calls are forgotten: a second execution comes within the deadline, or after a freeze. */
const CALLS_KEPT = 50_000;

/** Counts executions, and the calls that were executed more than once. */
export class ExecutionCounter {
  readonly #counts = new Map<string, number>();
  #total = 0;
  #twice = 0;

  get total(): number {
    return this.#total;
  }

  get twice(): number {
    return this.#twice;
  }

  add(call: string): void {
    this.#total++;
    const count = (this.#counts.get(call) ?? 0) + 1;
    this.#counts.set(call, count);
    if (count === 2) this.#twice++;
    if (this.#counts.size > CALLS_KEPT) {
      // A Map gives its keys in the order in which they came.
      for (const oldest of this.#counts.keys()) {
        this.#counts.delete(oldest);
        break;
      }
    }
  }
}
