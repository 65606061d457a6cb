import {
  type Clock,
  checkOptionNames,
  type Logger,
  onAbort,
  silentLogger,
  systemClock,
} from '@micromesh/core';
import type {
  IdempotencyClaim,
  IdempotencyStore,
  IdempotencyVerdict,
  KeyedCall,
  StoredAnswer,
} from './idempotency-store.js';
import { readLimits, type StoreLimits, sizeOfAnswer } from './store-limits.js';

/** How a store in memory is made. */
export interface MemoryIdempotencyOptions extends StoreLimits {
  /** Default: the machine's time. */
  readonly clock?: Clock;
  /** Told once when answers have to go before their time; default: silent. */
  readonly logger?: Logger;
}

/**
 * Remembers calls in this process: a retry that reaches the same node does not run twice. For all nodes of a service, see
 * `keyValueIdempotencyStore`.
 *
 * @throws ConfigError when an option is unknown or out of range.
 */
export function memoryIdempotencyStore(options: MemoryIdempotencyOptions = {}): IdempotencyStore {
  checkOptionNames('memoryIdempotencyStore', options, ['ttlMs', 'maxEntries', 'maxBytes', 'clock', 'logger']);
  return new MemoryIdempotencyStore(options);
}

interface Running {
  readonly body: string;
  readonly waiting: Set<() => void>;
}

interface Ended {
  readonly body: string;
  readonly answer: StoredAnswer | undefined;
  readonly bytes: number;
  readonly expiresAt: number;
}

class MemoryIdempotencyStore implements IdempotencyStore {
  readonly #limits: Required<StoreLimits>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #running = new Map<string, Running>();
  /** In the order of their end, which is that of their expiry. */
  readonly #ended = new Map<string, Ended>();
  #bytes = 0;
  #closed = false;
  #warned = false;

  constructor(options: MemoryIdempotencyOptions) {
    this.#limits = readLimits(options);
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
  }

  async begin(call: KeyedCall, signal: AbortSignal): Promise<IdempotencyVerdict> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#closed) throw new Error('the idempotency store is closed');
      this.#forgetExpired();
      const ended = this.#ended.get(call.key);
      if (ended !== undefined) return verdictOn(ended, call);
      const running = this.#running.get(call.key);
      if (running === undefined) return this.#claim(call);
      if (running.body !== call.body) return { kind: 'otherBody' };
      await untilWoken(running, signal);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const key of [...this.#running.keys()]) this.#stopRunning(key);
    this.#ended.clear();
    this.#bytes = 0;
  }

  #claim(call: KeyedCall): IdempotencyVerdict {
    const { maxEntries } = this.#limits;
    if (this.#running.size >= maxEntries) {
      return { kind: 'full', cause: `${maxEntries} calls with keys are running (maxEntries)` };
    }
    this.#running.set(call.key, { body: call.body, waiting: new Set() });
    this.#makeRoom();
    let ended = false;
    const end = (store: () => void): Promise<void> => {
      if (ended || this.#closed) return Promise.resolve();
      ended = true;
      this.#stopRunning(call.key);
      store();
      return Promise.resolve();
    };
    const claim: IdempotencyClaim = {
      complete: (answer) => end(() => this.#keep(call, answer)),
      release: () => end(() => {}),
    };
    return { kind: 'run', claim };
  }

  #keep({ key, body }: KeyedCall, answer: StoredAnswer): void {
    const { ttlMs, maxBytes } = this.#limits;
    const kept = sizeOfAnswer(answer) <= maxBytes ? withOwnBytes(answer) : undefined;
    const bytes = sizeOfAnswer(kept);
    this.#ended.set(key, { body, answer: kept, bytes, expiresAt: this.#clock.now() + ttlMs });
    this.#bytes += bytes;
    this.#makeRoom();
  }

  #stopRunning(key: string): void {
    const running = this.#running.get(key);
    this.#running.delete(key);
    for (const wake of [...(running?.waiting ?? [])]) wake();
  }

  #forgetExpired(): void {
    const now = this.#clock.now();
    for (const [key, { expiresAt }] of this.#ended) {
      if (expiresAt > now) return;
      this.#forget(key);
    }
  }

  #makeRoom(): void {
    const { maxEntries, maxBytes } = this.#limits;
    for (const key of this.#ended.keys()) {
      if (this.#running.size + this.#ended.size <= maxEntries && this.#bytes <= maxBytes) return;
      this.#forget(key);
      this.#warn();
    }
  }

  #forget(key: string): void {
    this.#bytes -= this.#ended.get(key)?.bytes ?? 0;
    this.#ended.delete(key);
  }

  #warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#logger.warn(
      { ...this.#limits },
      'the idempotency store is full; the oldest answers go before their time, and their replays would run again',
    );
  }
}

function verdictOn({ body, answer }: Ended, call: KeyedCall): IdempotencyVerdict {
  if (body !== call.body) return { kind: 'otherBody' };
  if (answer === undefined) return { kind: 'unkept', cause: 'it is longer than maxBytes' };
  return { kind: 'answered', answer };
}

// A serializer's result may be a piece of a larger buffer, which would be kept as well.
function withOwnBytes(answer: StoredAnswer): StoredAnswer {
  const response = Buffer.alloc(answer.response.length);
  answer.response.copy(response);
  return { ...answer, response };
}

function untilWoken({ waiting }: Running, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      waiting.delete(wake);
      forget();
      resolve();
    };
    waiting.add(wake);
    let forget = () => {};
    forget = onAbort(signal, wake);
  });
}
