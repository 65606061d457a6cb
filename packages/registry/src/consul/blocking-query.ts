import { type Clock, createAbortController, messageOf, type Random, sleep } from '@micromesh/core';
import { type Backoff, retryDelayMs } from '../backoff.js';
import type { WaitSlots } from './wait-slots.js';

/** One answer of a blocking query. */
export interface BlockingAnswer<T> {
  readonly value: T;
  /** `X-Consul-Index`; undefined where the answer has none above 0. */
  readonly index: bigint | undefined;
  /** False: the server has lost its leader, and what it says may be old, or empty. */
  readonly knownLeader: boolean;
}

/** A question that is answered when something has changed, or the time is over. */
export interface BlockingWait {
  /** The state after which a change is wanted. */
  readonly index: bigint;
  /** The time, in ms. */
  readonly waitMs: number;
}

/** What a {@link BlockingQuery} asks, and whom it tells. */
export interface BlockingQueryOptions<T> {
  /** Asks once: for the state as it is, or, to wait, for the next change. */
  readonly ask: (wait: BlockingWait | undefined, signal: AbortSignal) => Promise<BlockingAnswer<T>>;
  /** Takes a value; gives whether it differs from the one before. */
  readonly onAnswer: (value: T) => boolean;
  /** Takes a value of a server without a leader. */
  readonly onDoubt: (value: T, error: string) => void;
  readonly onFailure: (error: string) => void;
  /** There is an answer again after a failure, also after one that was not told because asking again at once helped. */
  readonly onRecovery: () => void;
  /** The least time between two answers while they keep coming. */
  readonly minIntervalMs: number;
  /** How long to wait for a change, in ms. */
  readonly waitMs: number;
  /** Where waits get their slots; without one it asks now and then, without waiting. */
  readonly waits: WaitSlots;
  readonly retry: Backoff;
  readonly clock: Clock;
  readonly random: Random;
}

// An index that moves without a change for us: on every write of a busy cluster, where a service has no instance.
const MAX_IDLE_INTERVAL_MS = 1_000;
// Where there turn out to be too few connections for all, those that were quicker get free soon.
const FIRST_WAIT_MS = 2_000;
const NO_LEADER = 'the server knows no leader';

/** Why it is asked: for the state as it is, for the next change after it, or, without a slot, for the state once more. */
type Question = 'first' | 'wait' | 'poll';

/**
 * Follows a value by Consul's blocking queries, by the rules that Consul gives for them: an index that goes backwards is
 * forgotten; an index of 0 is never sent; an answer that comes too soon is followed by a pause; after a failure the state is
 * asked for as it is (an index of before a restart would wait for a change that never comes), with growing waits.
 */
export class BlockingQuery<T> {
  readonly #options: BlockingQueryOptions<T>;
  readonly #abort = createAbortController();
  #index: bigint | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #recovering = false;
  #pauseMs: number;
  #hasWaited = false;

  constructor(options: BlockingQueryOptions<T>) {
    this.#options = options;
    this.#pauseMs = options.minIntervalMs;
  }

  /** Runs until {@link close}; never rejects. */
  async run(): Promise<void> {
    const { clock, waits } = this.#options;
    const { signal } = this.#abort;
    const leave = waits.join();
    while (!signal.aborted) {
      const resumeAt = await this.#turn();
      await sleep(clock, resumeAt - clock.now(), signal);
    }
    leave();
  }

  /** Ends it: the request in flight is cut. */
  close(): void {
    this.#abort.abort();
  }

  /** Asks once and gives the time to ask again. */
  async #turn(): Promise<number> {
    const { clock, random, waits } = this.#options;
    if (this.#index === undefined) return this.#ask('first');
    let release = waits.take();
    if (release === undefined) {
      const pauseMs = waits.pollMs * (0.75 + random() / 2);
      await sleep(clock, this.#askedAt + pauseMs - clock.now(), this.#abort.signal);
      release = waits.take();
    }
    if (release === undefined) return this.#ask('poll');
    try {
      return await this.#ask('wait');
    } finally {
      release();
    }
  }

  async #ask(question: Question): Promise<number> {
    const { ask, clock, onDoubt } = this.#options;
    const { signal } = this.#abort;
    const startedAt = clock.now();
    this.#askedAt = startedAt;
    let answer: BlockingAnswer<T>;
    try {
      answer = await ask(question === 'wait' ? this.#wait() : undefined, signal);
    } catch (error) {
      return signal.aborted ? 0 : this.#failed(messageOf(error), question, startedAt);
    }
    if (signal.aborted) return 0;
    if (answer.knownLeader) return this.#answered(answer, question, startedAt);
    onDoubt(answer.value, NO_LEADER);
    return this.#failed(NO_LEADER, 'first', startedAt);
  }

  #wait(): BlockingWait | undefined {
    const { waitMs } = this.#options;
    if (this.#index === undefined) return undefined;
    return { index: this.#index, waitMs: this.#hasWaited ? waitMs : Math.min(waitMs, FIRST_WAIT_MS) };
  }

  #answered(answer: BlockingAnswer<T>, question: Question, startedAt: number): number {
    const { clock, minIntervalMs, onAnswer, onRecovery } = this.#options;
    const changed = onAnswer(answer.value);
    if (this.#recovering) {
      this.#recovering = false;
      onRecovery();
    }
    const asked = question === 'wait' ? this.#index : undefined;
    const backwards = asked !== undefined && answer.index !== undefined && answer.index < asked;
    this.#index = backwards ? undefined : answer.index;
    if (this.#index === undefined && !backwards) return startedAt + MAX_IDLE_INTERVAL_MS;
    // The first answer comes at once by nature; only later ones prove that it is no chance.
    if (question === 'first') return 0;
    this.#failures = 0;
    this.#hasWaited = question === 'wait';
    if (question === 'poll') return startedAt + minIntervalMs;
    const soon = clock.now() - startedAt < this.#pauseMs;
    this.#pauseMs =
      changed || !soon
        ? minIntervalMs
        : Math.min(this.#pauseMs * 2, Math.max(minIntervalMs, MAX_IDLE_INTERVAL_MS));
    return startedAt + this.#pauseMs;
  }

  #failed(error: string, question: Question, startedAt: number): number {
    const { clock, minIntervalMs, onFailure, random, retry } = this.#options;
    const now = clock.now();
    this.#index = undefined;
    this.#recovering = true;
    this.#hasWaited = false;
    const waited = question === 'wait' && now - startedAt > retry.maxMs;
    this.#failures = waited ? 1 : this.#failures + 1;
    // Proxies and agents that restart cut waiting requests as a matter of course: worth a word only if asking again fails.
    if (question !== 'first' && this.#failures === 1) return startedAt + minIntervalMs;
    onFailure(error);
    return Math.max(now + retryDelayMs(this.#failures, retry, random), startedAt + minIntervalMs);
  }
}
