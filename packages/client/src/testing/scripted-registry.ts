import { formatServiceKey, type ServiceKey, type ServiceNode } from '@micromesh/core';
import type { Registry, ServiceWatch, WatchState } from '@micromesh/registry';

/** A registry that says what a test tells it to. */
export class ScriptedRegistry implements Registry {
  readonly description = 'scripted';
  readonly #first: 'unknown' | 'empty';
  readonly #states = new Map<string, WatchState>();
  readonly #listeners = new Map<string, Set<(state: WatchState) => void>>();

  /** @param first - what it says of a service that it was told nothing of: not yet known (default), or known to have no nodes. */
  constructor(first: 'unknown' | 'empty' = 'unknown') {
    this.#first = first;
  }

  /** Gives every watch of the service another state. */
  tell(service: ServiceKey, state: WatchState): void {
    const name = formatServiceKey(service);
    this.#states.set(name, state);
    for (const listener of this.#listeners.get(name) ?? []) listener(state);
  }

  /** Gives every watch of the service these nodes. */
  show(service: ServiceKey, nodes: readonly ServiceNode[]): void {
    this.tell(service, { kind: 'current', snapshot: { service, nodes } });
  }

  watch(service: ServiceKey): ServiceWatch {
    const name = formatServiceKey(service);
    if (this.#first === 'empty' && !this.#states.has(name)) this.show(service, []);
    const states = this.#states;
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(name, listeners);
    }
    const all = listeners;
    return {
      get state() {
        return states.get(name) ?? { kind: 'unknown' };
      },
      subscribe(listener) {
        all.add(listener);
        return () => all.delete(listener);
      },
      close() {},
    };
  }

  register(): never {
    throw new Error('a scripted registry takes no registrations');
  }

  services(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
