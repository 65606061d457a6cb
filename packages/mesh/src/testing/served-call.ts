import { EventEmitter } from 'node:events';
import { Metadata, type sendUnaryData, status } from '@grpc/grpc-js';
import type { CallReceiver, IncomingCall } from '@micromesh/client/testing';
import { messageOf, receivesOneMessage, sendsOneMessage } from '@micromesh/core';
import {
  type BoundHandler,
  type CallRoom,
  type ReplyStatus,
  type RequestSource,
  RequestStream,
  type ResponseSink,
  SingleResponseCall,
  StreamResponseCall,
  type Surface,
} from '@micromesh/server/testing';

const TIMEOUT = 'grpc-timeout';

/** Lets a handler serve a call by the server's own code; only the wire is in memory. */
export function serveCall(room: CallRoom, handler: BoundHandler, call: IncomingCall): CallReceiver {
  const served = new ServedCall(room, handler, call);
  // A handler that is given a stream begins before its first message, as on the wire.
  if (!sendsOneMessage(handler.method.kind)) served.begin(new RequestStream(served));
  return served;
}

/** One call, in the place of what grpc-js hands a server. */
class ServedCall implements CallReceiver, Surface, RequestSource, ResponseSink {
  readonly metadata: Metadata;
  readonly deadlineAt: number;
  readonly #room: CallRoom;
  readonly #handler: BoundHandler;
  readonly #call: IncomingCall;
  readonly #deadline: Date | number;
  readonly #events = new EventEmitter();
  #begun = false;
  #endTold = false;

  constructor(room: CallRoom, handler: BoundHandler, call: IncomingCall) {
    this.#room = room;
    this.#handler = handler;
    this.#call = call;
    this.metadata = call.metadata.clone();
    this.metadata.remove(TIMEOUT);
    const remainingMs = timeoutIn(call.metadata);
    this.deadlineAt = room.clock.now() + remainingMs;
    this.#deadline = Number.isFinite(remainingMs)
      ? new Date(room.clock.wallNow() + remainingMs)
      : remainingMs;
  }

  /** @param input - the request, or the {@link RequestStream}. */
  begin(input: unknown): void {
    this.#begun = true;
    const call = receivesOneMessage(this.#handler.method.kind)
      ? new SingleResponseCall(this.#room, this.#handler, this, input, this.#reply)
      : new StreamResponseCall(this.#room, this.#handler, this, input, this);
    call.begin();
  }

  onRequests(): void {
    if (!sendsOneMessage(this.#handler.method.kind)) {
      this.#events.emit('readable');
      return;
    }
    if (this.#begun || !this.#call.halfClosed) return;
    const bytes = this.#call.take();
    if (bytes === undefined) {
      this.#fail(status.UNIMPLEMENTED, `Received no request message for ${this.#call.path}`);
      return;
    }
    const request = this.#deserialize(bytes);
    if (request !== undefined) this.begin(request.message);
  }

  onDrained(): void {
    this.#events.emit('drain');
  }

  onGone(): void {
    this.#events.emit('cancelled');
  }

  read(): unknown {
    const bytes = this.#call.take();
    if (bytes !== undefined) return this.#deserialize(bytes)?.message ?? null;
    if (this.#call.halfClosed) this.#tellEnd();
    return null;
  }

  /** The end is told to who has read up to it, as Node's streams do. */
  #tellEnd(): void {
    if (this.#endTold) return;
    this.#endTold = true;
    queueMicrotask(() => this.#events.emit('end'));
  }

  #deserialize(bytes: Buffer): { readonly message: unknown } | undefined {
    try {
      return { message: this.#handler.definition.requestDeserialize(bytes) };
    } catch (error) {
      this.#fail(status.INTERNAL, `Error deserializing request: ${messageOf(error)}`);
      return undefined;
    }
  }

  #fail(code: number, details: string): void {
    this.#call.sendStatus(code, details, new Metadata());
    this.onGone();
  }

  getPeer(): string {
    return 'memory';
  }

  getDeadline(): Date | number {
    return this.#deadline;
  }

  on(event: 'cancelled' | 'readable' | 'end', listener: () => void): void {
    this.#events.on(event, listener);
  }

  once(event: 'drain', listener: () => void): void {
    this.#events.once(event, listener);
  }

  sendMetadata(metadata: Metadata): void {
    this.#call.sendHeaders(metadata.clone());
  }

  write(bytes: Buffer): boolean {
    return this.#call.sendMessage(bytes);
  }

  end(trailer = new Metadata()): void {
    this.#call.sendStatus(status.OK, '', trailer);
  }

  emit(_event: 'error', { code, details, metadata }: ReplyStatus): boolean {
    this.#call.sendStatus(code, details, metadata);
    return true;
  }

  readonly #reply: sendUnaryData<Buffer> = (error, response, trailer) => {
    if (error !== null) {
      const { code = status.UNKNOWN, details = '', metadata = new Metadata() } = error;
      this.#call.sendStatus(code, details, metadata);
      return;
    }
    if (response) this.#call.sendMessage(response);
    this.end(trailer ?? new Metadata());
  };
}

/** Milliseconds, as our own client writes them; Infinity: the caller named none. */
function timeoutIn(metadata: Metadata): number {
  const [, digits, unit] = /^(\d+)([mS])$/.exec(String(metadata.get(TIMEOUT)[0])) ?? [];
  if (digits === undefined) return Number.POSITIVE_INFINITY;
  return Number(digits) * (unit === 'S' ? 1000 : 1);
}
