import { type Method, Places } from '@micromesh/core';
import type { ConcurrencyLimitRule } from './limit-rules.js';

/** Methods that are counted for themselves; further ones share one count. */
const MAX_METHODS = 1024;
const OTHERS = '';

/** The places of one ConcurrencyLimit. */
export class PlaceCounter {
  readonly rule: ConcurrencyLimitRule;
  readonly #only: Places | undefined;
  readonly #byMethod = new Map<string, Places>();

  constructor(rule: ConcurrencyLimitRule) {
    this.rule = rule;
    if (!rule.perMethod.value) this.#only = this.#make();
  }

  /** Those that a call of the method takes one of. */
  placesOf({ path }: Method): Places {
    if (this.#only !== undefined) return this.#only;
    const known = this.#byMethod.get(path);
    if (known !== undefined) return known;
    const kept = this.#byMethod.size < MAX_METHODS ? path : OTHERS;
    const places = this.#byMethod.get(kept) ?? this.#make();
    this.#byMethod.set(kept, places);
    return places;
  }

  #make(): Places {
    return new Places(this.rule.maxConcurrent.value, this.rule.maxQueued.value);
  }
}
