import type { HandlerContext } from './handler-context.js';

/**
 * Serves one call. The promise resolves when the handler has settled and its last response was handed over, and rejects
 * with what the handler threw, for all four kinds alike; messages do not travel through it.
 */
export type ServeCall = (context: HandlerContext) => Promise<void>;

/**
 * Wraps the serving of every call: `(next) => async (context) => { ...; await next(context); ... }`. What it throws is
 * answered as if the handler had thrown it; a promise that resolves without `next` is an INTERNAL reply.
 */
export type ServerInterceptor = (next: ServeCall) => ServeCall;

/** Builds the chain, the first interceptor outermost. */
export function composeInterceptors(
  interceptors: readonly ServerInterceptor[],
  innermost: ServeCall,
): ServeCall {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), innermost);
}
