import type { FakeClock } from '@micromesh/core/testing';
import { RegistryError } from '../../registry.js';
import type { Keeper } from '../keeper.js';

/** For tests: an agent as a keeper sees it; the test says whether it is there and what it holds. */
export class FakeAgent implements Keeper {
  up = true;
  holds = false;
  refusal: RegistryError | undefined;
  readonly log: string[] = [];
  readonly #clock: FakeClock;
  readonly description: string;

  constructor(clock: FakeClock, name: string) {
    this.#clock = clock;
    this.description = name;
  }

  async register(_signal: AbortSignal): Promise<void> {
    this.#answer('register');
    this.holds = true;
  }

  async beat(_signal: AbortSignal): Promise<'held' | 'forgotten'> {
    this.#answer('beat');
    return this.holds ? 'held' : 'forgotten';
  }

  async deregister(_signal: AbortSignal): Promise<void> {
    this.#answer('deregister');
    this.holds = false;
  }

  /** The process dies: what it held is gone. */
  die(): void {
    this.up = false;
    this.holds = false;
  }

  #answer(what: string): void {
    this.log.push(`${this.#clock.now()} ${what}`);
    if (!this.up) throw new RegistryError('refused');
    if (this.refusal !== undefined) throw this.refusal;
  }
}
