import { type Clock, createAbortController, messageOf, type Random, sleep } from '@micromesh/core';
import { type Backoff, retryDelayMs } from '../backoff.js';

/** One answer of a blocking query. */
export interface BlockingAnswer<T> {
  readonly value: T;
  /** `X-Consul-Index`; undefined where the answer has none above 0. */
  readonly index: bigint | undefined;
  /** False: the server has lost its leader, and what it says may be old, or empty. */
  readonly knownLeader: boolean;
}

/** What a {@link BlockingQuery} asks, and whom it tells. */
export interface BlockingQueryOptions<T> {
  /** Asks once: without an index for the state as it is, with one for the next change after it. */
  readonly ask: (index: bigint | undefined, signal: AbortSignal) => Promise<BlockingAnswer<T>>;
  /** Takes a value; gives whether it differs from the one before. */
  readonly onAnswer: (value: T) => boolean;
  /** Takes a value of a server without a leader. */
  readonly onDoubt: (value: T, error: string) => void;
  readonly onFailure: (error: string) => void;
  /** There is an answer again after a failure, also after one that was not told because asking again at once helped. */
  readonly onRecovery: () => void;
  /** The least time between two answers while they keep coming. */
  readonly minIntervalMs: number;
  readonly retry: Backoff;
  readonly clock: Clock;
  readonly random: Random;
}

// An index that moves without a change for us: on every write of a busy cluster, where a service has no instance.
const MAX_IDLE_INTERVAL_MS = 1_000;
const NO_LEADER = 'the server knows no leader';

/**
 * Follows a value by Consul's blocking queries, by the rules that Consul gives for them: an index that goes backwards is
 * forgotten; an index of 0 is never sent; an answer that comes too soon is followed by a pause; after a failure the state is
 * asked for as it is (an index of before a restart would wait for a change that never comes), with growing waits.
 */
export class BlockingQuery<T> {
  readonly #options: BlockingQueryOptions<T>;
  readonly #abort = createAbortController();
  #index: bigint | undefined;
  #failures = 0;
  #recovering = false;
  #pauseMs: number;

  constructor(options: BlockingQueryOptions<T>) {
    this.#options = options;
    this.#pauseMs = options.minIntervalMs;
  }

  /** Runs until {@link close}; never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const startedAt = this.#options.clock.now();
      const index = this.#index;
      const resumeAt = await this.#ask(index, startedAt);
      await sleep(this.#options.clock, resumeAt - this.#options.clock.now(), signal);
    }
  }

  /** Ends it: the request in flight is cut. */
  close(): void {
    this.#abort.abort();
  }

  /** Asks once and gives the time to ask again. */
  async #ask(index: bigint | undefined, startedAt: number): Promise<number> {
    const { ask, onDoubt } = this.#options;
    const { signal } = this.#abort;
    let answer: BlockingAnswer<T>;
    try {
      answer = await ask(index, signal);
    } catch (error) {
      return signal.aborted ? 0 : this.#failed(messageOf(error), index, startedAt);
    }
    if (signal.aborted) return 0;
    if (answer.knownLeader) return this.#answered(answer, index, startedAt);
    onDoubt(answer.value, NO_LEADER);
    return this.#failed(NO_LEADER, undefined, startedAt);
  }

  #answered(answer: BlockingAnswer<T>, asked: bigint | undefined, startedAt: number): number {
    const { clock, minIntervalMs, onAnswer, onRecovery } = this.#options;
    const changed = onAnswer(answer.value);
    if (this.#recovering) {
      this.#recovering = false;
      onRecovery();
    }
    const backwards = asked !== undefined && answer.index !== undefined && answer.index < asked;
    this.#index = backwards ? undefined : answer.index;
    if (this.#index === undefined && !backwards) return startedAt + MAX_IDLE_INTERVAL_MS;
    // The first answer comes at once by nature; only answers to a wait prove that waiting works.
    if (asked === undefined) return 0;
    this.#failures = 0;
    const soon = clock.now() - startedAt < this.#pauseMs;
    this.#pauseMs =
      changed || !soon
        ? minIntervalMs
        : Math.min(this.#pauseMs * 2, Math.max(minIntervalMs, MAX_IDLE_INTERVAL_MS));
    return startedAt + this.#pauseMs;
  }

  #failed(error: string, asked: bigint | undefined, startedAt: number): number {
    const { clock, minIntervalMs, onFailure, random, retry } = this.#options;
    const now = clock.now();
    this.#index = undefined;
    this.#recovering = true;
    const waited = asked !== undefined && now - startedAt > retry.maxMs;
    this.#failures = waited ? 1 : this.#failures + 1;
    // Proxies and agents that restart cut waiting requests as a matter of course: worth a word only if asking again fails.
    if (asked !== undefined && this.#failures === 1) return startedAt + minIntervalMs;
    onFailure(error);
    return Math.max(now + retryDelayMs(this.#failures, retry, random), startedAt + minIntervalMs);
  }
}
