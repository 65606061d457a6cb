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
  #response: Buffer | undefined;

  /** @param input - the request, or the {@link RequestStream}. */
  constructor(
    room: CallRoom,
    handler: BoundHandler,
    surface: Surface,
    input: unknown,
    reply: sendUnaryData<Buffer>,
  ) {
    super(room, handler, surface);
    this.#input = input;
    this.#reply = reply;
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
