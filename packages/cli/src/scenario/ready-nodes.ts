import { type Clock, type NodeState, within } from '@micromesh/core';

/** Which nodes a mesh has a ready connection to, by its events. */
export class ReadyNodes {
  readonly #clock: Clock;
  readonly #ready = new Set<string>();
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  changed(nodeId: string, state: NodeState): void {
    if (state !== 'ready') {
      this.#ready.delete(nodeId);
      return;
    }
    this.#ready.add(nodeId);
    for (const resolve of this.#waiting.get(nodeId) ?? []) resolve();
    this.#waiting.delete(nodeId);
  }

  /**
   * Resolves when the node is ready.
   *
   * @throws Error after `limitMs`.
   */
  wait(nodeId: string, limitMs: number): Promise<void> {
    if (this.#ready.has(nodeId)) return Promise.resolve();
    const ready = new Promise<void>((resolve) => {
      this.#waiting.set(nodeId, [...(this.#waiting.get(nodeId) ?? []), resolve]);
    });
    return within(this.#clock, limitMs, ready, () => {
      throw new Error(`${nodeId} is not connected after ${limitMs} ms`);
    });
  }
}
