import type { Metadata, sendUnaryData } from '@grpc/grpc-js';
import type { BoundHandler } from './bound-handler.js';
import type { CallRoom, Surface } from './call-room.js';
import type { ReplyStatus } from './reply-status.js';
import { RequestStream } from './request-stream.js';
import { ServerCall } from './server-call.js';

/** A unary or client-streaming call. */
export class SingleResponseCall extends ServerCall {
  readonly #input: unknown;
  readonly #reply: sendUnaryData<Buffer>;
  readonly #requestBytes: Buffer | undefined;
  #response: Buffer | undefined;

  /**
   * @param input - the request, or the {@link RequestStream}.
   * @param requestBytes - the request as it came, of a unary call that came from a wire.
   */
  constructor(
    room: CallRoom,
    handler: BoundHandler,
    surface: Surface,
    input: unknown,
    reply: sendUnaryData<Buffer>,
    requestBytes?: Buffer,
  ) {
    super(room, handler, surface);
    this.#input = input;
    this.#reply = reply;
    this.#requestBytes = requestBytes;
  }

  /** The request of a unary call in bytes. */
  get requestBytes(): Buffer {
    // The input is what the definition's own deserializer gave.
    return this.#requestBytes ?? this.handler.definition.requestSerialize(this.#input as never);
  }

  protected override get messageLength(): number {
    return this.#requestBytes?.length ?? 0;
  }

  /** What the handler has answered; undefined until then. */
  get responseBytes(): Buffer | undefined {
    return this.#response;
  }

  /** Answers in the handler's place. */
  answerWith(response: Buffer): void {
    this.#response = response;
    this.complete = true;
  }

  protected override async run(): Promise<void> {
    const response = await this.handler.invoke(this.#input, this);
    this.#response = this.serialize(response);
    this.complete = true;
  }

  protected override succeed(trailer: Metadata | undefined): void {
    this.#reply(null, this.#response, trailer);
  }

  protected override fail(reply: ReplyStatus): void {
    this.#reply(reply);
  }

  protected override release(): void {
    if (this.#input instanceof RequestStream) this.#input.fail(this.goneError());
  }
}
