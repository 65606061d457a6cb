import { type CallTrace, type Clock, events, messageOf, type Random } from '@micromesh/core';
import type { ClientCall } from '../call/client-call.js';
import { CallTracer } from './call-tracer.js';

/** Which calls of a mesh are traced, and who hears of it. */
export class CallTraces {
  readonly #ratio: number;
  readonly #clock: Clock;
  readonly #random: Random;

  /** @param ratio - the share of the calls that is published, where somebody listens; 0: none. */
  constructor(ratio: number, clock: Clock, random: Random) {
    this.#ratio = ratio;
    this.#clock = clock;
    this.#random = random;
  }

  /** What a call notes for its trace; undefined: nobody has asked for one. */
  begin({ options: { trace } }: ClientCall): CallTracer | undefined {
    const isSampled = this.#ratio > 0 && events.trace.heard && this.#random() < this.#ratio;
    if (trace === undefined && !isSampled) return undefined;
    const tell = (told: CallTrace) => {
      if (isSampled) events.trace.publish(told);
      if (trace !== undefined) tellCaller(trace, told);
    };
    return new CallTracer(tell, this.#clock);
  }
}

/** What a user's code throws there is no affair of its call, and is not lost either. */
function tellCaller(trace: (told: CallTrace) => void, told: CallTrace): void {
  try {
    trace(told);
  } catch (error) {
    process.emitWarning(`the option trace of a call threw: ${messageOf(error)}`, { code: 'MICROMESH_TRACE' });
  }
}
