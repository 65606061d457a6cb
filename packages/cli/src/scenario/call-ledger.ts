/** One call, as the load saw it; times in ms since the load began. */
export interface CallRecord {
  /** When it was meant to start. */
  readonly startMs: number;
  /** When it ended; undefined while it runs. */
  endMs: number | undefined;
  /** The name of its status; undefined while it runs. */
  code: string | undefined;
}

/** What is known of the calls of a run: the load writes it, the statistics read it. */
export class CallLedger {
  readonly calls: CallRecord[] = [];
  /** Starts of the calls that took more than one try. */
  readonly retriedStartsMs: number[] = [];
  attempts = 0;
  #running = 0;
  #failed = 0;

  get running(): number {
    return this.#running;
  }

  /** Calls that have ended with another status than OK. */
  get failed(): number {
    return this.#failed;
  }

  started(startMs: number): CallRecord {
    const call: CallRecord = { startMs, endMs: undefined, code: undefined };
    this.calls.push(call);
    this.#running++;
    return call;
  }

  ended(call: CallRecord, endMs: number, code: string): void {
    call.endMs = endMs;
    call.code = code;
    this.#running--;
    if (code !== 'OK') this.#failed++;
  }

  /** A call has ended after `attempts` tries. */
  tried(startMs: number, attempts: number): void {
    this.attempts += attempts;
    if (attempts > 1) this.retriedStartsMs.push(startMs);
  }
}
