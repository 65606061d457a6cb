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
import { WatchHandles } from './watch-handles.js';

/** What a registry knows of one service, told to all watches of it. */
export class WatchedService {
  readonly service: ServiceKey;
  readonly #registry: string;
  readonly #logger: Logger;
  readonly #watches: WatchHandles<WatchState>;
  #state: WatchState = { kind: 'unknown' };
  #failing = false;

  constructor(service: ServiceKey, registry: string, logger: Logger) {
    this.service = service;
    this.#registry = registry;
    this.#logger = logger;
    this.#watches = new WatchHandles(
      () => this.#state,
      (error) =>
        logger.error(
          { service: formatServiceKey(service), error: messageOf(error) },
          'a listener of a service watch threw',
        ),
    );
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
    return this.#watches.open(onLast);
  }

  /** Closes all watches. */
  closeAll(): void {
    this.#watches.closeAll();
  }

  #become(state: WatchState): void {
    this.#state = state;
    this.#watches.tell(state);
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

function snapshotIn(state: WatchState): Snapshot | undefined {
  return state.kind === 'unknown' ? undefined : state.snapshot;
}
