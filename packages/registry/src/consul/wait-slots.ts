import type { Clock, Logger } from '@micromesh/core';

/** What {@link WaitSlots} stand on. */
export interface WaitSlotsOptions {
  /** Most blocking queries at a time; at least 1. */
  readonly max: number;
  /** For messages: `consul 127.0.0.1:8500`. */
  readonly registry: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How often those that have no slot ask. */
const POLL_MS = 1_000;
/** All of them together ask at most a hundred times a second. */
const POLL_MS_EACH = 10;
/** Some of the connections that an agent leaves us are for questions. */
const KEEP_RATIO = 0.75;
/** One burst of refused connections counts once. */
const BURST_MS = 1_000;
/** An agent that has refused no connection for so long is asked for more. */
const CALM_MS = 15_000;
const GROWTH = 1.2;

/**
 * Slots for blocking queries, which hold a connection each: an agent takes 200 from one address for all processes there, and counts one
 * that was cut until its wait would have been over. Who has no slot asks now and then instead. Fewer than the bound are given out
 * after the agent has refused connections.
 */
export class WaitSlots {
  readonly #options: WaitSlotsOptions;
  #limit: number;
  #watches = 0;
  #taken = 0;
  #lastRefusedAt = Number.NEGATIVE_INFINITY;
  #lastChangedAt = Number.NEGATIVE_INFINITY;
  #told = false;

  constructor(options: WaitSlotsOptions) {
    this.#options = options;
    this.#limit = options.max;
  }

  /** Counts one more watch until the returned function is called, once. */
  join(): () => void {
    this.#watches += 1;
    return () => {
      this.#watches -= 1;
    };
  }

  /** Gives the function that ends a wait, to be called once; undefined: no slot is free. */
  take(): (() => void) | undefined {
    this.#grow();
    if (this.#taken >= this.#limit) {
      this.#tellFull();
      return undefined;
    }
    this.#taken += 1;
    return () => {
      this.#taken -= 1;
    };
  }

  /** How long a watch without a slot pauses between two questions, in ms. */
  get pollMs(): number {
    return Math.max(POLL_MS, (this.#watches - this.#limit) * POLL_MS_EACH);
  }

  /** An agent has refused a connection though it lives: it holds as many from this address as it takes. */
  refused(): void {
    const { clock, logger, registry } = this.#options;
    const now = clock.now();
    if (now - this.#lastRefusedAt >= BURST_MS) {
      if (this.#limit === this.#options.max) {
        logger.warn(
          { registry, watches: this.#watches, connections: this.#taken },
          `the agent refuses connections: it holds as many from this address as it takes (Consul's limits.http_max_conns_per_client, 200 unless it was set); watches take turns on those there are`,
        );
      }
      this.#limit = Math.max(1, Math.min(this.#limit, Math.floor(this.#taken * KEEP_RATIO)));
      this.#lastRefusedAt = now;
    }
    this.#lastChangedAt = now;
  }

  #grow(): void {
    const { clock, logger, max, registry } = this.#options;
    if (this.#limit === max || clock.now() - this.#lastChangedAt < CALM_MS) return;
    this.#limit = Math.min(max, Math.ceil(this.#limit * GROWTH));
    this.#lastChangedAt = clock.now();
    if (this.#limit === max) logger.info({ registry }, 'the agent takes connections again');
  }

  #tellFull(): void {
    const { logger, max, registry } = this.#options;
    if (this.#told || this.#limit < max) return;
    this.#told = true;
    logger.warn(
      { registry, watches: this.#watches, connections: max },
      'more is watched than there are connections for watches (maxWatchConnections): the rest is asked for about once a second',
    );
  }
}
