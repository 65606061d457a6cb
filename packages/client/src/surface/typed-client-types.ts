import type { Metadata } from '@grpc/grpc-js';
import type { KindOf, MethodDefinition, RequestOf, ResponseOf, ServiceDefinition } from '@micromesh/core';
import type { CallOptions } from '../call/call-options.js';

/** What a call through a typed client may say. */
export interface TypedCallOptions extends CallOptions {
  /** Hears the response headers, once. */
  readonly onHeader?: (header: Metadata) => void;
  /** Hears the trailers, once, however the call ends. */
  readonly onTrailer?: (trailer: Metadata) => void;
}

/** Requests of a stream: whatever can be iterated. */
export type Requests<Request> = AsyncIterable<Request> | Iterable<Request>;

/** One method of a typed client. */
export type TypedMethod<M extends MethodDefinition> = {
  unary: (request: RequestOf<M>, options?: TypedCallOptions) => Promise<ResponseOf<M>>;
  clientStream: (requests: Requests<RequestOf<M>>, options?: TypedCallOptions) => Promise<ResponseOf<M>>;
  serverStream: (request: RequestOf<M>, options?: TypedCallOptions) => AsyncIterableIterator<ResponseOf<M>>;
  bidi: (
    requests: Requests<RequestOf<M>>,
    options?: TypedCallOptions,
  ) => AsyncIterableIterator<ResponseOf<M>>;
  unknown: DynamicMethod;
}[KindOf<M>];

/** A method of a definition whose types do not tell its kind: proto-loader's. Await it, or iterate it, as its kind is. */
export type DynamicMethod = (
  request: object,
  options?: TypedCallOptions,
) => Promise<Record<string, unknown>> & AsyncIterableIterator<Record<string, unknown>>;

/** A promise client for a service definition: unary methods give promises, streams async iterables. */
export type TypedClient<S extends ServiceDefinition> = { readonly [K in keyof S]: TypedMethod<S[K]> };
