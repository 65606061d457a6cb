/** What all calls of a mesh keep for replay together; beyond the limit nobody may keep more. */
export class ReplayMemory {
  used = 0;

  /** @param limitBytes - default of the mesh: 64 MiB. */
  constructor(readonly limitBytes: number) {}
}

/** A request message on its way. */
export interface RequestMessage {
  readonly bytes: Buffer;
  /** grpc-js's write flags, e.g. `noCompress`. */
  readonly flags: number;
  /** Called once: when an attempt has written the message, or when the call is over. */
  readonly written: (() => void) | undefined;
}

/** So that messages of no or few bytes have a bound as well. */
const MAX_MESSAGES = 16_384;

/** No messages; shared, and so never added to: most calls have one message, and get a list of just that. */
const NOTHING: RequestMessage[] = [];

/**
 * The request messages of one call, in order, kept until it is settled which attempt goes through: only that one reads
 * on, and what it has written is dropped.
 */
export class ReplayBuffer {
  #messages = NOTHING;
  /** Index, in the call, of the first message that is still here. */
  #first = 0;
  #bytes = 0;
  #acknowledged = 0;
  #ended = false;
  #replayable = true;
  #closed = false;

  /**
   * @param limitBytes - of this call; default of the mesh: 1 MiB. The first message never counts.
   * @param memory - shared by the mesh.
   */
  constructor(
    private readonly limitBytes: number,
    private readonly memory: ReplayMemory,
  ) {}

  /** Messages so far, those that were dropped included. */
  get count(): number {
    return this.#first + this.#messages.length;
  }

  /** No message follows. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether another attempt could still write everything from the start. */
  get replayable(): boolean {
    return this.#replayable;
  }

  /**
   * Adds a message.
   *
   * @returns false when it was one too many: no further attempt can replay the call.
   */
  push(message: RequestMessage): boolean {
    if (this.#closed) {
      message.written?.();
      return true;
    }
    const isFirst = this.count === 0;
    if (this.#messages.length === 0) this.#messages = [message];
    else this.#messages.push(message);
    if (isFirst || !this.#replayable) return true;
    const size = message.bytes.length;
    this.#bytes += size;
    this.memory.used += size;
    if (this.#messages.length > MAX_MESSAGES) return false;
    return this.#bytes <= this.limitBytes && this.memory.used <= this.memory.limitBytes;
  }

  /** No message follows. */
  end(): void {
    this.#ended = true;
  }

  /** The message at an index of the call, if it is here. */
  at(index: number): RequestMessage | undefined {
    return this.#messages[index - this.#first];
  }

  /** An attempt has written all messages below `index`: their writers may go on, once. */
  acknowledge(index: number): void {
    // Counted before it is told: the writer may go on at once, and come back here.
    while (this.#acknowledged < index) this.at(this.#acknowledged++)?.written?.();
    if (!this.#replayable) this.#drop(index);
  }

  /**
   * One attempt is the call's: what it has written is dropped from now on.
   *
   * @param position - how many messages it has begun to write: one before it may have come further.
   */
  release(position: number): void {
    if (!this.#replayable) return;
    this.#replayable = false;
    this.memory.used -= this.#bytes;
    this.#bytes = 0;
    this.#drop(Math.min(this.#acknowledged, position));
  }

  /** The call is over: nothing is kept, and no writer waits for a confirmation any more. */
  close(): void {
    this.release(this.count);
    this.#closed = true;
    this.acknowledge(this.count);
  }

  #drop(index: number): void {
    if (index <= this.#first) return;
    if (index >= this.count) this.#messages = NOTHING;
    else this.#messages.splice(0, index - this.#first);
    this.#first = index;
  }
}
