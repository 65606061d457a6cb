import type { Method } from '@micromesh/core';

/** The calls whose handlers have not settled. */
export class ActiveCalls {
  readonly #calls = new Set<{ readonly method: Method }>();
  #onEmpty: (() => void)[] = [];

  add(call: { readonly method: Method }): void {
    this.#calls.add(call);
  }

  delete(call: { readonly method: Method }): void {
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

  /** How many there are of each method, for a message. */
  countByMethod(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { method } of this.#calls) counts[method.path] = (counts[method.path] ?? 0) + 1;
    return counts;
  }
}
