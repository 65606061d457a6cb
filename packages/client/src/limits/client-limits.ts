import { type Clock, formatServiceKey, type Method, type Random, type ServiceKey } from '@micromesh/core';
import { CallPlaces } from './call-places.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { CircuitBreakers } from './circuit-breakers.js';
import {
  breakerRules,
  type ConcurrencyRules,
  concurrencyRules,
  type LimitSettings,
} from './limit-settings.js';
import { RetryConcurrency } from './retry-concurrency.js';

/** What bounds the calls of one client. */
export interface ClientLimits {
  readonly breakerOf: ((method: Method) => CircuitBreaker) | undefined;
  readonly places: CallPlaces | undefined;
}

/** The limits of all clients of a mesh: those of one service that say the same share them. */
export class LimitRoom {
  readonly breakers: CircuitBreakers;
  readonly #places = new Map<string, CallPlaces>();
  readonly #retries = new Map<string, RetryConcurrency>();

  constructor(clock: Clock, random: Random) {
    this.breakers = new CircuitBreakers(clock, random);
  }

  /** A client's limits; undefined when it asks for none. */
  limitsOf(service: ServiceKey, settings: LimitSettings): ClientLimits | undefined {
    const { breaker = false, concurrency = false } = settings;
    if (breaker === false && concurrency === false) return undefined;
    return {
      breakerOf: breaker === false ? undefined : this.breakers.under(service, breakerRules(breaker)),
      places: concurrency === false ? undefined : this.#placesOf(service, concurrencyRules(concurrency)),
    };
  }

  /** How many calls of the service may retry at a time, as far as the client bounds it. */
  retriesOf(service: ServiceKey, { maxConcurrentRetries }: LimitSettings): RetryConcurrency | undefined {
    if (maxConcurrentRetries === undefined) return undefined;
    const key = `${formatServiceKey(service)} ${maxConcurrentRetries}`;
    const retries = this.#retries.get(key) ?? new RetryConcurrency(maxConcurrentRetries);
    this.#retries.set(key, retries);
    return retries;
  }

  #placesOf(service: ServiceKey, rules: ConcurrencyRules): CallPlaces {
    const { max, queue, queueTimeoutMs, per } = rules;
    const key = `${formatServiceKey(service)} ${max} ${queue} ${queueTimeoutMs} ${per}`;
    const places = this.#places.get(key) ?? new CallPlaces(rules);
    this.#places.set(key, places);
    return places;
  }
}
