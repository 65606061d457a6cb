import type { KindOf, MethodDefinition, RequestOf, ResponseOf, ServiceDefinition } from '@micromesh/core';
import type { HandlerContext } from './handler-context.js';

interface HandlerByKind<Request, Response> {
  unary: (request: Request, context: HandlerContext) => Promise<Response> | Response;
  clientStream: (requests: AsyncIterable<Request>, context: HandlerContext) => Promise<Response> | Response;
  serverStream: (request: Request, context: HandlerContext) => AsyncIterable<Response>;
  bidi: (requests: AsyncIterable<Request>, context: HandlerContext) => AsyncIterable<Response>;
  /** The definition's type does not tell the kind: the handler's author must know it. */
  unknown: (
    requestOrRequests: Request & AsyncIterable<Request>,
    context: HandlerContext,
  ) => Promise<Response> | Response | AsyncIterable<Response>;
}

/**
 * The handler of one method: `async (request, context) => response`, with `AsyncIterable`s in the place of streams
 * (`async function* (request, context)` for a stream of responses).
 */
export type HandlerOf<M extends MethodDefinition> = HandlerByKind<RequestOf<M>, ResponseOf<M>>[KindOf<M>];

/** The handlers of a service: one for each method, none else. A missing or misspelt name does not compile. */
export type Handlers<D extends ServiceDefinition> = { readonly [K in keyof D]: HandlerOf<D[K]> };

/** Refuses, also through a variable, what is no method of the definition. */
export type NoOthers<H, D> = { readonly [K in Exclude<keyof H, keyof D>]: never };
