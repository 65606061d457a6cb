import type { Clock, Timer } from '@micromesh/core';
import type { OutlierRecord } from '@micromesh/selector';

/** How often it is looked whether the peers of a slow node that is out can do without it. */
const LOOK_EVERY_MS = 250;

/** The node that may be ejected. */
export interface EjectionOwner {
  readonly clock: Clock;
  /** What its attempts came to. */
  readonly record: OutlierRecord;
  /** Whether one more node of the service may go. */
  mayEject(): boolean;
  /** The records of all other nodes of the service. */
  peers(): readonly OutlierRecord[];
  /** Half-open: whether it answers a health check. */
  isWell(): Promise<boolean>;
  /** An ejection has begun, with its cause in words, or has ended, with none. */
  onEjection(cause: string): void;
}

/** Takes a node out for a while when it does worse than its peers. */
export class Ejection {
  readonly #owner: EjectionOwner;
  #inForce = false;
  #endTimer: Timer | undefined;
  #missedTimer: Timer | undefined;
  #ended = false;
  /** Of the last ejection, in words. */
  cause = '';
  /** On the mesh's clock. */
  endsAt = 0;

  constructor(owner: EjectionOwner) {
    this.#owner = owner;
  }

  get inForce(): boolean {
    return this.#inForce;
  }

  /** Ejects the node if its record has become worse than its peers'. */
  judge(now: number): void {
    if (this.#inForce || this.#ended) return;
    const cause = this.#owner.record.outlierCause(now, () => this.#owner.peers());
    if (cause !== undefined && this.#owner.mayEject()) this.#begin(now, cause);
  }

  #begin(now: number, cause: string): void {
    const lengthMs = this.#owner.record.eject(now);
    this.#inForce = true;
    this.endsAt = now + lengthMs;
    this.cause = `ejected for ${lengthMs} ms: ${cause}`;
    this.#owner.onEjection(this.cause);
    this.#endTimer = this.#owner.clock.setTimer(lengthMs, () => void this.#probe(), false);
    if (this.#owner.record.wasSlow) this.#lookIfMissed();
  }

  /** A slow node is better than none: where its peers cannot do its work as well it comes back at once. */
  #lookIfMissed(): void {
    const { clock, record } = this.#owner;
    this.#missedTimer = clock.setTimer(
      LOOK_EVERY_MS,
      () => {
        if (!record.isMissed(clock.now(), () => this.#owner.peers())) this.#lookIfMissed();
        else this.#end(clock.now());
      },
      false,
    );
  }

  #end(now: number): void {
    this.#cancelTimers();
    this.#owner.record.restore(now);
    this.#inForce = false;
    this.#owner.onEjection('');
  }

  #cancelTimers(): void {
    this.#endTimer?.cancel();
    this.#missedTimer?.cancel();
  }

  /** Half-open: the way back leads through a health check, not through somebody's call. */
  async #probe(): Promise<void> {
    this.#cancelTimers();
    const well = await this.#owner.isWell();
    if (this.#ended) return;
    const now = this.#owner.clock.now();
    if (!well) {
      this.#begin(now, 'the health check failed');
      return;
    }
    this.#end(now);
  }

  /** Leaves no timer. */
  end(): void {
    this.#ended = true;
    this.#cancelTimers();
  }
}
