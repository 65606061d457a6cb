import {
  events,
  formatServiceKey,
  type Logger,
  messageOf,
  type ServiceKey,
  type Snapshot,
} from '@micromesh/core';
import type { ServiceWatch, WatchState } from './registry.js';
import { sameNodes } from './registry-entry.js';

type Listener = (state: WatchState) => void;

/** What a registry knows of one service, told to all watches of it. */
export class WatchedService {
  readonly service: ServiceKey;
  readonly #registry: string;
  readonly #logger: Logger;
  readonly #handles = new Set<WatchHandle>();
  #state: WatchState = { kind: 'unknown' };
  #failing = false;

  constructor(service: ServiceKey, registry: string, logger: Logger) {
    this.service = service;
    this.#registry = registry;
    this.#logger = logger;
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Takes the registry's word; gives whether its nodes are others than before. */
  current(next: Snapshot): boolean {
    const before = snapshotIn(this.#state);
    const changed = before === undefined || !sameNodes(before, next);
    this.#recovered();
    if (!changed && this.#state.kind === 'current') return false;
    if (changed) this.#tellSnapshot(before, next);
    this.#become({ kind: 'current', snapshot: changed ? next : before });
    return changed;
  }

  /** Takes a word that cannot be relied on: it only counts where there is no other, and only if it names nodes. */
  doubtful(next: Snapshot, error: string): void {
    if (snapshotIn(this.#state) === undefined && next.nodes.length > 0) {
      this.#tellSnapshot(undefined, next);
      this.#become({ kind: 'stale', snapshot: next, error });
    }
    this.failing(error);
  }

  /** The registry does not answer; the last good word stays. */
  failing(error: string): void {
    if (!this.#failing) {
      this.#failing = true;
      this.#logger.warn(
        { registry: this.#registry, service: formatServiceKey(this.service), error },
        'the registry does not answer a watch; the last snapshot stays in use',
      );
      this.#tellRegistry('failing', error);
    }
    const state = this.#state;
    if (state.kind !== 'current' && state.error === error) return;
    this.#become(
      state.kind === 'unknown'
        ? { kind: 'unknown', error }
        : { kind: 'stale', snapshot: state.snapshot, error },
    );
  }

  /** Opens one more watch; `onLast` is called when the last of them was closed. */
  open(onLast: () => void): ServiceWatch {
    const handle = new WatchHandle(this, (closed) => {
      if (this.#handles.delete(closed) && this.#handles.size === 0) onLast();
    });
    this.#handles.add(handle);
    return handle;
  }

  /** Closes all watches. */
  closeAll(): void {
    for (const handle of [...this.#handles]) handle.close();
  }

  #become(state: WatchState): void {
    this.#state = state;
    for (const handle of [...this.#handles]) {
      handle.tell(state, (error) =>
        this.#logger.error(
          { service: formatServiceKey(this.service), error: messageOf(error) },
          'a listener of a service watch threw',
        ),
      );
    }
  }

  #recovered(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#logger.info(
      { registry: this.#registry, service: formatServiceKey(this.service) },
      'the registry answers the watch again',
    );
    this.#tellRegistry('recovered', '');
  }

  #tellRegistry(state: 'failing' | 'recovered', error: string): void {
    if (!events.registry.heard) return;
    events.registry.publish({
      registry: this.#registry,
      operation: 'watch',
      service: this.service,
      state,
      error,
    });
  }

  #tellSnapshot(before: Snapshot | undefined, next: Snapshot): void {
    if (!events.snapshot.heard) return;
    const had = new Set(before?.nodes.map((node) => node.id));
    const has = new Set(next.nodes.map((node) => node.id));
    events.snapshot.publish({
      service: this.service,
      nodes: next.nodes.length,
      added: [...has].filter((id) => !had.has(id)),
      removed: [...had].filter((id) => !has.has(id)),
      massDisappearance: had.size > 0 && has.size === 0,
    });
  }
}

class WatchHandle implements ServiceWatch {
  readonly #watched: WatchedService;
  readonly #onClose: (handle: WatchHandle) => void;
  readonly #listeners = new Set<{ readonly listener: Listener }>();

  constructor(watched: WatchedService, onClose: (handle: WatchHandle) => void) {
    this.#watched = watched;
    this.#onClose = onClose;
  }

  get state(): WatchState {
    return this.#watched.state;
  }

  subscribe(listener: Listener): () => void {
    // A record of its own, so that one function may subscribe twice.
    const subscription = { listener };
    this.#listeners.add(subscription);
    return () => {
      this.#listeners.delete(subscription);
    };
  }

  tell(state: WatchState, onError: (error: unknown) => void): void {
    for (const subscription of [...this.#listeners]) {
      if (!this.#listeners.has(subscription)) continue;
      try {
        subscription.listener(state);
      } catch (error) {
        onError(error);
      }
    }
  }

  close(): void {
    this.#listeners.clear();
    this.#onClose(this);
  }
}

function snapshotIn(state: WatchState): Snapshot | undefined {
  return state.kind === 'unknown' ? undefined : state.snapshot;
}
