import { type Clock, ConfigError, type Logger, messageOf } from '@micromesh/core';
import { type Registered, type Registration, type Registry, RegistryError } from '@micromesh/registry';
import { within } from './within.js';

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
  #registered: Registered | undefined;
  #leaving: Promise<void> | undefined;
  #wake: (() => void) | undefined;

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
    const endsAt = this.#clock.now() + REGISTER_WITHIN_MS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
      const error = await this.#tryUntil(endsAt);
      if (error === undefined || this.#leaving !== undefined) return;
      if (error instanceof ConfigError) throw error;
      if (endsAt - this.#clock.now() <= pauseMs) throw this.#cannotRegister(error);
      this.#logger.warn({ err: error, retryInMs: pauseMs }, 'the registry did not take the registration');
      await this.#pause(pauseMs);
      if (this.#leaving !== undefined) return;
    }
  }

  async #tryUntil(endsAt: number): Promise<unknown> {
    const attempt = this.#try();
    this.#attempt = attempt;
    const result = await within(this.#clock, endsAt - this.#clock.now(), attempt);
    if (result === undefined) throw this.#cannotRegister(new Error('no answer'));
    return result.error;
  }

  async #try(): Promise<{ error: unknown }> {
    try {
      this.#registered = await this.#registry.register(this.#registration);
      return { error: undefined };
    } catch (error) {
      return { error };
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(ms, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #cannotRegister(cause: unknown): RegistryError {
    return new RegistryError(
      `${this.#registration.service.name}: the registry ${this.#registry.description} did not take the registration ` +
        `within ${REGISTER_WITHIN_MS / 1000} s: ${messageOf(cause)}; start the registry, or start with register: false`,
      { cause },
    );
  }

  /** Takes the entry away, also one that a try in flight still makes; ends the tries. Never rejects, may wait for long. */
  leave(): Promise<void> {
    this.#leaving ??= this.#deregister();
    this.#wake?.();
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
