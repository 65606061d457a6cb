import { type Metadata, status } from '@grpc/grpc-js';
import { messageOf } from '@micromesh/core';
import type { BoundHandler } from './bound-handler.js';
import type { CallRoom, Surface } from './call-room.js';
import type { ReplyStatus } from './reply-status.js';
import { RequestStream } from './request-stream.js';
import { RpcError } from './rpc-error.js';
import { ServerCall } from './server-call.js';

/** The part of a grpc-js stream that responses are written to. */
export interface ResponseSink {
  write(bytes: Buffer): boolean;
  end(trailer?: Metadata): unknown;
  emit(event: 'error', reply: ReplyStatus): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

/** A server-streaming or bidirectional call. */
export class StreamResponseCall extends ServerCall {
  readonly #input: unknown;
  readonly #sink: ResponseSink;
  #iterator: AsyncIterator<unknown> | undefined;
  #closing: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  protected override readonly messageLength: number;

  /**
   * @param input - the request, or the {@link RequestStream}.
   * @param messageLength - of a request that came from a wire, in bytes.
   */
  constructor(
    room: CallRoom,
    handler: BoundHandler,
    surface: Surface,
    input: unknown,
    sink: ResponseSink,
    messageLength = 0,
  ) {
    super(room, handler, surface);
    this.messageLength = messageLength;
    this.#input = input;
    this.#sink = sink;
  }

  protected override async run(): Promise<void> {
    const iterator = this.#iterate(await this.handler.invoke(this.#input, this));
    this.#iterator = iterator;
    try {
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        if (this.gone) throw this.goneError();
        const bytes = this.serialize(next.value);
        this.flushHeader();
        if (!this.#sink.write(bytes)) await this.#drained();
        if (this.gone) throw this.goneError();
      }
    } finally {
      // So that the generator's own `finally` runs before the call counts as over; one that has ended ignores it.
      await this.#close();
    }
    this.complete = true;
  }

  #iterate(responses: unknown): AsyncIterator<unknown> {
    if (isAsyncIterable(responses)) return responses[Symbol.asyncIterator]();
    this.log.error({}, 'a handler of a streaming method gave no async iterable; answered UNKNOWN');
    throw new RpcError(
      status.UNKNOWN,
      'the handler gave no stream of responses; make it an async generator: async function* (request, context) {}',
    );
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#sink.once('drain', resolve);
    });
  }

  #close(): Promise<void> {
    this.#closing ??= this.#closeIterator();
    return this.#closing;
  }

  async #closeIterator(): Promise<void> {
    try {
      await this.#iterator?.return?.();
    } catch (error) {
      this.log.warn({ err: error }, `closing the responses failed: ${messageOf(error)}`);
    }
  }

  protected override succeed(trailer: Metadata | undefined): void {
    this.#sink.end(trailer);
  }

  protected override fail(reply: ReplyStatus): void {
    this.#sink.emit('error', reply);
  }

  protected override release(): void {
    if (this.#input instanceof RequestStream) this.#input.fail(this.goneError());
    this.#wake?.();
    // A generator takes it when it next yields; other iterables, such as events.on(), end their wait at once.
    if (this.#iterator !== undefined) void this.#close();
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Symbol.asyncIterator in value &&
    typeof value[Symbol.asyncIterator] === 'function'
  );
}
