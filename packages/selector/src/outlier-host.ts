/** How long ejections last. */
interface EjectionTimes {
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
}

/** What Envoy keeps of one host of a cluster. */
export class OutlierHost {
  /** In a row, up to now. */
  errors = 0;
  gatewayErrors = 0;
  localFailures = 0;
  /** Ejections in a row. */
  #multiplier = 0;
  #ejectedAt: number | undefined;
  #unejectedAt = Number.POSITIVE_INFINITY;

  /** Undefined: it is not out. */
  get ejectedAt(): number | undefined {
    return this.#ejectedAt;
  }

  /** Whether it is out, or would be out for longer the next time. */
  get isMarked(): boolean {
    return this.#ejectedAt !== undefined || this.#multiplier > 0;
  }

  /** Of its last ejection. */
  lengthMs({ baseEjectionMs, maxEjectionMs }: EjectionTimes): number {
    return Math.min(baseEjectionMs * this.#multiplier, maxEjectionMs);
  }

  eject(now: number, { baseEjectionMs, maxEjectionMs }: EjectionTimes): void {
    this.#ejectedAt = now;
    if (this.#multiplier * baseEjectionMs < maxEjectionMs + baseEjectionMs) this.#multiplier++;
  }

  /** It comes back with all its rows at their beginning. */
  uneject(now: number): void {
    this.#ejectedAt = undefined;
    this.#unejectedAt = now;
    this.errors = 0;
    this.gatewayErrors = 0;
    this.localFailures = 0;
  }

  /** One step for each sweep that finds it in use for an interval or longer. */
  forgive(now: number, intervalMs: number): void {
    const inUse = this.#ejectedAt === undefined && now - this.#unejectedAt >= intervalMs;
    if (inUse && this.#multiplier > 0) this.#multiplier--;
  }

  /** A row that has come to its bound begins anew. */
  endRow(
    field: 'consecutive5xxErrors' | 'consecutiveGatewayErrors' | 'consecutiveLocalOriginFailures',
  ): void {
    if (field === 'consecutive5xxErrors') this.errors = 0;
    else if (field === 'consecutiveGatewayErrors') this.gatewayErrors = 0;
    else this.localFailures = 0;
  }
}
