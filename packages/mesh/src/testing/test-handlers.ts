import {
  type Clock,
  type KindOf,
  type MethodDefinition,
  onAbort,
  type ResponseOf,
  receivesOneMessage,
  type ServiceDefinition,
} from '@micromesh/core';
import type { HandlerContext, HandlerOf } from '@micromesh/server';
import type { BoundHandler } from '@micromesh/server/testing';

/** A server's handler; where it streams responses, it may give all of them as an array. */
export type TestHandlerOf<M extends MethodDefinition> =
  KindOf<M> extends 'serverStream' | 'bidi'
    ? (
        input: Parameters<HandlerOf<M>>[0],
        context: HandlerContext,
      ) => ReturnType<HandlerOf<M>> | readonly ResponseOf<M>[]
    : HandlerOf<M>;

/**
 * What a node of a test mesh does, by method: the same handlers that `mesh.server(...).add` takes, one for each method of the
 * definition. A part of a service is a definition too: `{ anything: HelloService.anything }`; the rest is UNIMPLEMENTED.
 */
export type TestHandlers<S extends ServiceDefinition> = { readonly [K in keyof S]: TestHandlerOf<S[K]> };

/** The handler as a server runs it: arrays become streams, and it takes its time. */
export function runnable(handler: BoundHandler, clock: Clock, afterMs: number): BoundHandler {
  const streams = !receivesOneMessage(handler.method.kind);
  if (!streams && afterMs === 0) return handler;
  return {
    ...handler,
    invoke: async (input, context) => {
      try {
        const response = await handler.invoke(input, context);
        return streams && Array.isArray(response) ? oneByOne(response) : response;
      } finally {
        if (afterMs > 0) await pass(clock, afterMs, context.signal);
      }
    },
  };
}

async function* oneByOne(responses: readonly unknown[]): AsyncGenerator<unknown> {
  yield* responses;
}

/** Resolves when the time has passed, or nobody waits for it any more. */
function pass(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let off = () => {};
    const timer = clock.setTimer(ms, end);
    off = onAbort(signal, end);
    function end() {
      timer.cancel();
      off();
      resolve();
    }
  });
}
