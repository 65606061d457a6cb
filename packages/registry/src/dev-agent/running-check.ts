import type { Clock, Timer } from '@micromesh/core';
import type { CheckEntry, CheckStatus } from './service-entry.js';

const MAX_OUTPUT_BYTES = 4096;
/** Consul's own minimum. */
const MIN_DEREGISTER_AFTER_MS = 60_000;

/** A check as it was registered. */
export interface CheckDefinition {
  /** Undefined: named after the service. */
  readonly id: string | undefined;
  readonly name: string;
  /** Undefined: critical. */
  readonly status: CheckStatus | undefined;
  readonly notes: string;
  readonly type: string;
  /** 0: not a TTL check. */
  readonly ttlMs: number;
  /** 0: never. */
  readonly deregisterAfterMs: number;
}

/** What a check tells the agent. */
export interface CheckOwner {
  /** A TTL check was not heard of in time. */
  onExpired(id: string, output: string): void;
  /** The check has been critical for so long that its service has to go. */
  onCriticalTooLong(serviceId: string): void;
}

/** A check of the agent: its state, and the timers that change it. */
export class RunningCheck {
  /** As the agent has it. */
  entry: CheckEntry;
  /** Whether the catalog does not have it so yet. */
  dirty = true;
  readonly #definition: Pick<CheckDefinition, 'ttlMs' | 'deregisterAfterMs'>;
  readonly #clock: Clock;
  readonly #owner: CheckOwner;
  #expiry: Timer | undefined;
  #removal: Timer | undefined;
  #lastOutput = '';

  constructor(
    entry: CheckEntry,
    definition: Pick<CheckDefinition, 'ttlMs' | 'deregisterAfterMs'>,
    clock: Clock,
    owner: CheckOwner,
  ) {
    this.entry = entry;
    this.#definition = definition;
    this.#clock = clock;
    this.#owner = owner;
    this.#armExpiry();
  }

  get isTtl(): boolean {
    return this.#definition.ttlMs > 0;
  }

  /** A client says how it is; the TTL begins anew. */
  report(status: CheckStatus, output: string): void {
    const short = shorten(output);
    this.#lastOutput = short;
    this.#armExpiry();
    this.set(status, short);
  }

  /** Changes the state. A mere change of output does not go to the catalog: Consul puts that off for minutes. */
  set(status: CheckStatus, output: string): void {
    if (status !== 'critical') {
      this.#removal?.cancel();
      this.#removal = undefined;
    } else if (this.#removal === undefined) {
      this.#armRemoval();
    }
    if (this.entry.status !== status) this.dirty = true;
    this.entry = { ...this.entry, status, output };
  }

  /** No timer is left. */
  stop(): void {
    this.#expiry?.cancel();
    this.#removal?.cancel();
  }

  #armExpiry(): void {
    this.#expiry?.cancel();
    if (!this.isTtl) return;
    this.#expiry = this.#clock.setTimer(this.#definition.ttlMs, () => {
      const last = this.#lastOutput;
      const output =
        last === '' ? 'TTL expired' : `TTL expired (last output before timeout follows): ${last}`;
      this.#owner.onExpired(this.entry.id, output);
    });
  }

  #armRemoval(): void {
    const { deregisterAfterMs } = this.#definition;
    if (deregisterAfterMs <= 0) return;
    const delayMs = Math.max(deregisterAfterMs, MIN_DEREGISTER_AFTER_MS);
    this.#removal = this.#clock.setTimer(delayMs, () => this.#owner.onCriticalTooLong(this.entry.serviceId));
  }
}

function shorten(output: string): string {
  const bytes = Buffer.from(output);
  if (bytes.length <= MAX_OUTPUT_BYTES) return output;
  const start = bytes.subarray(0, MAX_OUTPUT_BYTES).toString();
  return `${start} ... (captured ${MAX_OUTPUT_BYTES} of ${bytes.length} bytes)`;
}
