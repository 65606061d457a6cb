import { type Method, Places } from '@micromesh/core';
import type { ConcurrencyRules } from './limit-settings.js';

/** Methods that are counted for themselves; further ones (a generic proxy passes on any path) share one count. */
const MAX_METHODS = 1024;
const OTHERS = '';

/** The places that calls of one service take, by service or by method. */
export class CallPlaces {
  readonly #service: Places;
  readonly #methods = new Map<string, Places>();

  constructor(readonly rules: ConcurrencyRules) {
    this.#service = this.#make();
  }

  /** Those that a call of the method takes one of. */
  of(method: Method): Places {
    if (this.rules.per === 'service') return this.#service;
    const known = this.#methods.get(method.path);
    if (known !== undefined) return known;
    const kept = this.#methods.size < MAX_METHODS ? method.path : OTHERS;
    const places = this.#methods.get(kept) ?? this.#make();
    this.#methods.set(kept, places);
    return places;
  }

  #make(): Places {
    return new Places(this.rules.max, this.rules.queue);
  }
}
