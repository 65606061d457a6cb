import type { Method } from '@micromesh/core';

/** A call whose handler has not settled. */
export interface ActiveCall {
  readonly method: Method;
  /** Aborts the handler's signal and answers UNAVAILABLE in its place. */
  cut(): void;
}

/** The calls whose handlers have not settled. */
export class ActiveCalls {
  readonly #calls = new Set<ActiveCall>();
  #onEmpty: (() => void)[] = [];

  add(call: ActiveCall): void {
    this.#calls.add(call);
  }

  delete(call: ActiveCall): void {
    this.#calls.delete(call);
    if (this.#calls.size > 0 || this.#onEmpty.length === 0) return;
    const waiting = this.#onEmpty;
    this.#onEmpty = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves as soon as there are none. */
  empty(): Promise<void> {
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  /** Cuts all of them. Their handlers may go on for a while; nobody listens to them any more. */
  cut(): void {
    for (const call of [...this.#calls]) call.cut();
  }

  /** How many there are of each method, for a message. */
  countByMethod(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { method } of this.#calls) counts[method.path] = (counts[method.path] ?? 0) + 1;
    return counts;
  }
}
