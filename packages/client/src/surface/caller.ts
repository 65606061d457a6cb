import { type Metadata, status } from '@grpc/grpc-js';
import { type Clock, type Method, messageOf, type Outcome } from '@micromesh/core';
import type { CallOptions } from '../call/call-options.js';
import { type Call, ClientCall, type ResponseListener } from '../call/client-call.js';
import { ReplayBuffer, type ReplayMemory } from '../call/replay-buffer.js';
import type { Invoke } from '../chain/interceptor.js';
import { localOutcome } from '../chain/local-outcome.js';
import type { Service } from '../nodes/service.js';
import type { Roster } from '../roster.js';
import type { CallTraces } from '../trace/call-traces.js';

/** What a {@link Caller} stands on. */
export interface CallerParts {
  readonly to: Service;
  readonly invoke: Invoke<Call>;
  readonly clock: Clock;
  readonly replayMemory: ReplayMemory;
  readonly replayBytesPerCall: number;
  /** The calls of the mesh that are under way, so that closing it ends them. */
  readonly active: Roster<ClientCall>;
  /** What a call ends with once the mesh is closed. */
  readonly refusal: () => Outcome | undefined;
  readonly traces: CallTraces;
}

/** Makes calls to one service through one chain: what a channel and a typed client have in common. */
export class Caller {
  constructor(readonly parts: CallerParts) {}

  get clock(): Clock {
    return this.parts.clock;
  }

  /** A call that has not started. */
  newCall(
    method: Method,
    metadata: Metadata | undefined,
    options: CallOptions,
    listener: ResponseListener,
  ): ClientCall {
    const { to, replayBytesPerCall, replayMemory, clock } = this.parts;
    const requests = new ReplayBuffer(replayBytesPerCall, replayMemory);
    return new ClientCall(to, method, metadata, options, requests, listener, clock.now());
  }

  /** Carries a call to its end. */
  start(call: ClientCall): Promise<Outcome> {
    return this.startAndThen(call, (outcome) => outcome);
  }

  /** Carries a call to its end, and gives what `read` makes of that: one promise for both. */
  startAndThen<T>(call: ClientCall, read: (outcome: Outcome) => T): Promise<T> {
    const tracer = this.parts.traces.begin(call);
    call.notes = tracer;
    const refusal = this.parts.refusal();
    if (refusal !== undefined) {
      call.requests.close();
      tracer?.end(call, refusal);
      return Promise.resolve(refusal).then(read);
    }
    this.parts.active.add(call);
    const end = (outcome: Outcome): T => {
      this.parts.active.delete(call);
      call.requests.close();
      if (call.winner === undefined && call.failedHeaders !== undefined) call.giveHeaders(call.failedHeaders);
      // A user's interceptor may have ended it while what is inside goes on.
      call.stop(outcome);
      tracer?.end(call, outcome);
      return read(outcome);
    };
    return this.#invoke(call).then(end, (error) => end(broken(error)));
  }

  /** The chain gives outcomes; should a layer throw all the same, the call still ends, and says so. */
  #invoke(call: ClientCall): Promise<Outcome> {
    try {
      return this.parts.invoke(call);
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

function broken(error: unknown): Outcome {
  return localOutcome(
    status.INTERNAL,
    'interceptor',
    'unknown',
    `a layer of the chain threw: ${messageOf(error)}`,
  );
}
