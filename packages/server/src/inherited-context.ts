import type { CallContext, Clock } from '@micromesh/core';

interface InheritedFrom {
  readonly signal: AbortSignal;
  readonly attempt: number;
}

/** What the handler's downstream calls inherit; the signal is made when the first of them asks. */
export class Inherited implements CallContext {
  readonly #call: InheritedFrom;
  readonly deadline: number;

  constructor(call: InheritedFrom, deadline: number) {
    this.#call = call;
    this.deadline = deadline;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get attempt(): number {
    return this.#call.attempt;
  }
}

/** A deadline of grpc-js on the mesh's clock; Infinity for none. */
export function deadlineOn(clock: Clock, deadline: Date | number): number {
  const at = typeof deadline === 'number' ? deadline : deadline.getTime();
  // grpc-js made it from Date.now(), so only that clock tells how much of it is left.
  return at === Number.POSITIVE_INFINITY ? at : clock.now() + (at - Date.now());
}
