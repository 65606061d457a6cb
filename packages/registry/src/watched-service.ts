import {
  events,
  formatServiceKey,
  type Logger,
  messageOf,
  type ServiceKey,
  type Snapshot,
} from '@micromesh/core';
import type { WatchState } from './registry.js';
import { sameNodes } from './registry-entry.js';
import { SharedWatches } from './shared-watches.js';
import { type Known, Watched } from './watched.js';

/** The watches of services that a registry has. */
export type ServiceWatches = SharedWatches<ServiceKey, WatchState, WatchedService>;

/** @param follow - starts to follow a service; the function that it gives ends that. */
export function serviceWatches(
  registry: string,
  logger: Logger,
  follow: (watched: WatchedService) => () => void,
): ServiceWatches {
  const make = (service: ServiceKey) => new WatchedService(service, registry, logger);
  return new SharedWatches(formatServiceKey, make, follow);
}

/** What a registry knows of one service. */
export class WatchedService extends Watched<Snapshot, WatchState> {
  readonly service: ServiceKey;
  readonly #registry: string;
  readonly #logger: Logger;

  constructor(service: ServiceKey, registry: string, logger: Logger) {
    super({ kind: 'unknown' });
    this.service = service;
    this.#registry = registry;
    this.#logger = logger;
  }

  protected show(known: Known<Snapshot>): WatchState {
    if (known.kind === 'unknown') return known;
    const { value: snapshot, ...rest } = known;
    return { ...rest, snapshot };
  }

  protected same(a: Snapshot, b: Snapshot): boolean {
    return sameNodes(a, b);
  }

  protected isEmpty({ nodes }: Snapshot): boolean {
    return nodes.length === 0;
  }

  protected onChange(before: Snapshot | undefined, next: Snapshot): void {
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

  protected onFailure(error: string): void {
    this.#logger.warn(
      { registry: this.#registry, service: formatServiceKey(this.service), error },
      'the registry does not answer a watch; the last snapshot stays in use',
    );
    this.#tellRegistry('failing', error);
  }

  protected onRecovery(): void {
    this.#logger.info(
      { registry: this.#registry, service: formatServiceKey(this.service) },
      'the registry answers the watch again',
    );
    this.#tellRegistry('recovered', '');
  }

  protected onThrow(error: unknown): void {
    this.#logger.error(
      { service: formatServiceKey(this.service), error: messageOf(error) },
      'a listener of a service watch threw',
    );
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
}
