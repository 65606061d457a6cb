/** How a bucket fills. */
export interface TokenBucketSettings {
  /** What it holds when it is full, as at the start. */
  readonly maxTokens: number;
  /** What each fill brings. */
  readonly tokensPerFill: number;
  /** Between two fills. */
  readonly fillIntervalMs: number;
}

/**
 * Envoy's token bucket: it is full at the start, and each interval from then on brings `tokensPerFill`, up to `maxTokens`. Fills that are
 * due are made up for when it is asked; it needs no timer. Source: envoy.type.v3.TokenBucket.
 */
export class TokenBucket {
  readonly #settings: TokenBucketSettings;
  #tokens: number;
  #filledAt: number;

  constructor(settings: TokenBucketSettings, now: number) {
    this.#settings = settings;
    this.#tokens = settings.maxTokens;
    this.#filledAt = now;
  }

  /** Milliseconds until there is a token; 0: there is one. */
  waitMs(now: number): number {
    const { maxTokens, tokensPerFill, fillIntervalMs } = this.#settings;
    const fills = Math.floor((now - this.#filledAt) / fillIntervalMs);
    if (fills > 0) {
      this.#tokens = Math.min(maxTokens, this.#tokens + fills * tokensPerFill);
      this.#filledAt += fills * fillIntervalMs;
    }
    return this.#tokens > 0 ? 0 : this.#filledAt + fillIntervalMs - now;
  }

  /** Takes a token, of which there is one. */
  take(): void {
    this.#tokens--;
  }
}
