import { type Metadata, status } from '@grpc/grpc-js';
import {
  type DefinedMethod,
  messageOf,
  type Outcome,
  readServiceDefinition,
  type ServiceDefinition,
} from '@micromesh/core';
import { ambientOptions, overAmbient } from '../call/ambient-options.js';
import type { ClientCall, ResponseListener } from '../call/client-call.js';
import { localOutcome } from '../chain/local-outcome.js';
import { CallError, failedStatus, NO_MESSAGE } from './call-error.js';
import type { Caller } from './caller.js';
import { checkTypedOptions } from './check-typed-options.js';
import { requireIterable, sendRequests } from './send-requests.js';
import { StreamResponse } from './stream-response.js';
import type { Requests, TypedCallOptions, TypedClient } from './typed-client-types.js';

const NO_OPTIONS: TypedCallOptions = {};

/**
 * Makes a promise client that enters the chain directly.
 *
 * @throws ConfigError when the definition is none.
 */
export function typedClient<S extends ServiceDefinition>(definition: S, caller: Caller): TypedClient<S> {
  const client: Record<string, unknown> = {};
  for (const defined of readServiceDefinition(definition)) {
    const method = typedMethod(defined, caller);
    client[defined.key] = method;
    const { originalName } = defined.definition;
    if (originalName !== undefined) client[originalName] ??= method;
  }
  // Each key of the definition got the method of its kind.
  return client as TypedClient<S>;
}

function typedMethod(defined: DefinedMethod, caller: Caller): unknown {
  const { key, method, definition } = defined;
  const deserialize = definition.responseDeserialize.bind(definition);

  const name = `${method.service}.${key}`;

  function start(given: TypedCallOptions | undefined, listener: ResponseListener): ClientCall {
    const options: TypedCallOptions = given === undefined ? ambientOptions() : overAmbient(given);
    return caller.newCall(method, options.metadata, options, listener);
  }

  function give(call: ClientCall, request: never): void {
    call.requests.push({ bytes: serialize(request), flags: 0, written: undefined });
    call.requests.end();
  }

  function serialize(request: never): Buffer {
    try {
      return definition.requestSerialize(request);
    } catch (error) {
      throw new TypeError(`the request of ${name} ${whatIsWrong(request, error)}`, { cause: error });
    }
  }

  switch (method.kind) {
    case 'unary':
      return function unary(request: never, options?: TypedCallOptions): Promise<unknown> {
        try {
          checkTypedOptions(name, options);
          const response = new SingleResponse(options);
          const call = start(options, response);
          give(call, request);
          return caller.startAndThen(call, (outcome) => response.read(call, outcome, caller, deserialize));
        } catch (error) {
          return Promise.reject(error);
        }
      };
    case 'clientStream':
      return async function clientStream(
        requests: Requests<never>,
        options?: TypedCallOptions,
      ): Promise<unknown> {
        checkTypedOptions(name, options);
        requireIterable(requests);
        const response = new SingleResponse(options);
        const call = start(options, response);
        const ended = caller.start(call);
        const failure = await sendRequests(call, requests, serialize, ended);
        const outcome = await ended;
        if (failure !== undefined) {
          response.tellTrailers(outcome);
          throw failure.error;
        }
        return response.read(call, outcome, caller, deserialize);
      };
    default:
      return function responseStream(
        request: never,
        options: TypedCallOptions = NO_OPTIONS,
      ): StreamResponse<unknown> {
        checkTypedOptions(name, options);
        const response = new StreamResponse(deserialize, options.onHeader);
        const call = start(options, response);
        response.of(call, caller.clock);
        try {
          if (method.kind === 'serverStream') give(call, request);
          else requireIterable(request);
        } catch (error) {
          call.requests.close();
          response.close(error);
          return response;
        }
        const ended = caller.start(call);
        const sent = method.kind === 'bidi' ? sendRequests(call, request, serialize, ended) : undefined;
        void closeWith(response, call, ended, sent, options, caller);
        return response;
      };
  }
}

/** Only of a request that could not be written: some types are written without one, or are no objects. */
function whatIsWrong(request: unknown, error: unknown): string {
  if (request === undefined || request === null)
    return 'is missing; pass an object, {} for one without fields';
  return `is no message of its type, and cannot be written as bytes: ${messageOf(error)}`;
}

async function closeWith(
  response: StreamResponse<unknown>,
  call: ClientCall,
  ended: Promise<Outcome>,
  sent: Promise<{ readonly error: unknown } | undefined> | undefined,
  options: TypedCallOptions,
  caller: Caller,
): Promise<void> {
  const outcome = await ended;
  const failure = await sent;
  try {
    options.onTrailer?.(outcome.trailers);
  } catch (error) {
    response.close(error);
    return;
  }
  if (failure !== undefined) response.close(failure.error);
  else if (outcome.code === status.OK) response.close();
  else response.close(new CallError(failedStatus(call, outcome, caller.clock.now())));
}

class SingleResponse implements ResponseListener {
  #message: Buffer | undefined;
  #headerFailure: { readonly error: unknown } | undefined;

  constructor(private readonly options: TypedCallOptions | undefined) {}

  onHeaders(metadata: Metadata): void {
    try {
      this.options?.onHeader?.(metadata);
    } catch (error) {
      this.#headerFailure = { error };
    }
  }

  onMessage(message: Buffer): void {
    this.#message = message;
  }

  tellTrailers(outcome: Outcome): void {
    this.options?.onTrailer?.(outcome.trailers);
  }

  /** @throws CallError when the call failed, or brought no message or one that cannot be read; what a callback threw. */
  read(call: ClientCall, outcome: Outcome, caller: Caller, deserialize: (bytes: Buffer) => unknown): unknown {
    this.tellTrailers(outcome);
    if (this.#headerFailure !== undefined) throw this.#headerFailure.error;
    if (outcome.code !== status.OK) throw new CallError(failedStatus(call, outcome, caller.clock.now()));
    if (this.#message === undefined) throw failed(call, caller, NO_MESSAGE.code, NO_MESSAGE.details);
    try {
      return deserialize(this.#message);
    } catch (error) {
      throw failed(
        call,
        caller,
        status.INTERNAL,
        `Response message parsing error: ${messageOf(error)}`,
        error,
      );
    }
  }
}

function failed(call: ClientCall, caller: Caller, code: number, details: string, cause?: unknown): CallError {
  const outcome = localOutcome(code, 'protocol', 'answered', details);
  return new CallError(
    failedStatus(call, outcome, caller.clock.now()),
    cause === undefined ? undefined : { cause },
  );
}
