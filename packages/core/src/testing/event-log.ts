import type { EventChannel } from '../events.js';

/** For tests: the events of a channel, from `start` to `stop`. */
export class EventLog<T extends object> {
  readonly events: T[] = [];
  readonly #channel: EventChannel<T>;
  #off: () => void = () => {};

  constructor(channel: EventChannel<T>) {
    this.#channel = channel;
  }

  /** Begins anew, without the events of before. */
  start(): void {
    this.stop();
    this.events.length = 0;
    this.#off = this.#channel.subscribe((event) => this.events.push(event));
  }

  /** Ends it; its events are left. */
  stop(): void {
    this.#off();
  }
}
