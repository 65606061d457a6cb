import {
  type Clock,
  ConfigError,
  createAbortController,
  type Logger,
  messageOf,
  sleep,
  within,
} from '@micromesh/core';
import { type Registered, type Registration, type Registry, RegistryError } from '@micromesh/registry';

/** How long a start waits for the registry, all tries together. */
const REGISTER_WITHIN_MS = 10_000;
const FIRST_PAUSE_MS = 200;

/** A server's entry in the registry, from the first try to the last word. */
export class SelfRegistration {
  readonly #registry: Registry;
  readonly #registration: Registration;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #attempt: Promise<unknown> = Promise.resolve();
  #startedAt = 0;
  #tries = 0;
  #told: string | undefined;
  #registered: Registered | undefined;
  #leaving: Promise<void> | undefined;
  /** Aborts when `leave` is called. */
  readonly #left = createAbortController();

  constructor(registry: Registry, registration: Registration, clock: Clock, logger: Logger) {
    this.#registry = registry;
    this.#registration = registration;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Registers, with a few tries within ten seconds; returns early when `leave` is called meanwhile.
   *
   * @throws ConfigError when the registry cannot hold what was said of the server; RegistryError when it refuses or does not answer.
   */
  async enter(): Promise<void> {
    this.#startedAt = this.#clock.now();
    const endsAt = this.#startedAt + REGISTER_WITHIN_MS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
      if (this.#leaving !== undefined) return;
      const error = await this.#tryUntil(endsAt);
      if (error === undefined || this.#leaving !== undefined) return;
      if (error instanceof ConfigError) throw error;
      if (endsAt - this.#clock.now() <= pauseMs) throw this.#cannotRegister(error);
      this.#tell(messageOf(error));
      await sleep(this.#clock, pauseMs, this.#left.signal);
    }
  }

  /** What went wrong; undefined also where `leave` did not wait for the answer. */
  async #tryUntil(endsAt: number): Promise<unknown> {
    const attempt = this.#try();
    this.#tries += 1;
    this.#attempt = attempt;
    const limitMs = endsAt - this.#clock.now();
    const result = await within(this.#clock, limitMs, attempt, () => undefined, this.#left.signal);
    if (result !== undefined) return result.error;
    if (this.#leaving !== undefined) return undefined;
    throw this.#cannotRegister(new Error('no answer'));
  }

  async #try(): Promise<{ error: unknown }> {
    try {
      this.#registered = await this.#registry.register(this.#registration);
      return { error: undefined };
    } catch (error) {
      return { error };
    }
  }

  /** Once for each thing that is wrong, however often it is tried. */
  #tell(error: string): void {
    if (this.#told === error) return;
    this.#told = error;
    this.#logger.warn(
      { registry: this.#registry.description, error },
      'the registry did not take the registration; trying again',
    );
  }

  #cannotRegister(cause: unknown): RegistryError {
    const seconds = ((this.#clock.now() - this.#startedAt) / 1000).toFixed(1);
    const tries = this.#tries === 1 ? '1 try' : `${this.#tries} tries`;
    return new RegistryError(
      `${this.#registration.service.name}: the registry ${this.#registry.description} did not take the registration ` +
        `in ${seconds} s (${tries}): ${messageOf(cause)}; start the registry, or start with register: false`,
      { cause },
    );
  }

  /** Takes the entry away, also one that a try in flight still makes; ends the tries. Never rejects, may wait for long. */
  leave(): Promise<void> {
    this.#leaving ??= this.#deregister();
    this.#left.abort();
    return this.#leaving;
  }

  async #deregister(): Promise<void> {
    await this.#attempt;
    try {
      await this.#registered?.deregister();
    } catch (error) {
      this.#logger.warn(
        { err: error },
        'the registry did not take the entry away; it will when the checks fail',
      );
    }
  }
}
