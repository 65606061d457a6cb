import { type DryRunEvent, events } from '@micromesh/core';

/** How often one resource in dry-run would have done one thing to the calls of this process. */
export interface DryRunCount {
  /** `VirtualService shop/hello` */
  readonly resource: string;
  readonly effect: DryRunEvent['effect'];
  /** At least 1. */
  readonly count: number;
}

/** Resources that are counted; what further ones would have done is told as `micromesh:dry-run` alone. */
const MAX_RESOURCES = 1024;

/** Counts what resources in dry-run would have done, whatever versions come and go, until it is closed. */
export class DryRunCounts {
  readonly #byResource = new Map<string, Map<DryRunEvent['effect'], number>>();
  readonly #off = events.dryRun.subscribe((event) => this.#add(event));

  /** All that is above 0, in the order in which each was first told. */
  list(): readonly DryRunCount[] {
    return [...this.#byResource].flatMap(([resource, effects]) =>
      [...effects].map(([effect, count]) => ({ resource, effect, count })),
    );
  }

  close(): void {
    this.#off();
  }

  #add({ resource, effect }: DryRunEvent): void {
    let effects = this.#byResource.get(resource);
    if (effects === undefined) {
      if (this.#byResource.size >= MAX_RESOURCES) return;
      effects = new Map();
      this.#byResource.set(resource, effects);
    }
    effects.set(effect, (effects.get(effect) ?? 0) + 1);
  }
}
