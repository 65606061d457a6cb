import { type DryRunEvent, events, type ServiceKey } from '@micromesh/core';

/** What a resource in dry-run would have done: see {@link DryRunEvent}. */
export type DryRunEffect = DryRunEvent['effect'];

/** How often one resource would have done one thing. */
export interface DryRunCount {
  /** `VirtualService shop/hello` */
  readonly resource: string;
  readonly effect: DryRunEffect;
  readonly count: number;
}

/** Resources that are counted; further ones are told as events alone. */
const MAX_RESOURCES = 1024;

/** What all resources in dry-run would have done in this process; a count lasts as long as the process, whatever versions come. */
export class DryRunCounts {
  readonly #byResource = new Map<string, Map<DryRunEffect, number>>();

  /** @param method - the path of the call; of a node that would have been taken out, the last call's. */
  add(resource: string, effect: DryRunEffect, service: ServiceKey, method: string): void {
    if (events.dryRun.heard) events.dryRun.publish({ service, method, resource, effect });
    let effects = this.#byResource.get(resource);
    if (effects === undefined) {
      if (this.#byResource.size >= MAX_RESOURCES) return;
      effects = new Map();
      this.#byResource.set(resource, effects);
    }
    effects.set(effect, (effects.get(effect) ?? 0) + 1);
  }

  /** All that is above 0, by resource. */
  list(): readonly DryRunCount[] {
    return [...this.#byResource].flatMap(([resource, effects]) =>
      [...effects].map(([effect, count]) => ({ resource, effect, count })),
    );
  }
}
