import { type Channel, connectivityState, Metadata, type StatusObject, status } from '@grpc/grpc-js';
import type { Roster, Rostered } from '../roster.js';
import { type AttemptFacts, toOutcome } from './grpc-js-outcome.js';
import type { WireCall, WireListener, WireRequest } from './transport.js';

type GrpcCall = ReturnType<Channel['createCall']>;

/** A call on a channel that is closed: grpc-js would throw. */
export class UnsentCall implements WireCall {
  constructor(listener: WireListener) {
    const details = 'Channel closed before call started';
    const ended = { code: status.UNAVAILABLE, details, metadata: new Metadata() };
    queueMicrotask(() => listener.onEnd(toOutcome(ended, { headers: undefined, connected: false })));
  }

  send(): void {}

  halfClose(): void {}

  read(): void {}

  cancel(): void {}

  peer(): string {
    return '';
  }
}

/** More promises than there are between a call's start and its HTTP/2 stream: six in 1.14.7. */
const LAYERS_TURNS = 24;

/**
 * A call of grpc-js that is cancelled in the turn that it was started in says so, and starts its inner call all the same: the
 * request goes out, runs, and nobody ends its stream. The inner call is caught as soon as it is there.
 */
function cancelAgain(call: GrpcCall, code: status, details: string, turns: number): void {
  queueMicrotask(() => {
    call.cancelWithStatus(code, details);
    if (turns > 1) cancelAgain(call, code, details, turns - 1);
  });
}

/** Hears what comes after the end: nothing. */
const NOBODY: WireListener = { onHeaders() {}, onMessage() {}, onEnd() {} };

/** A listener for grpc-js and a {@link WireCall} in one object: one allocation an attempt. */
export class GrpcJsCall implements WireCall, AttemptFacts, Rostered {
  headers: Metadata | undefined;
  place = -1;
  readonly #channel: Channel;
  readonly #call: GrpcCall;
  #listener: WireListener;

  /** @param calls - those that have not ended: this one is in it until it has. */
  constructor(
    channel: Channel,
    request: WireRequest,
    listener: WireListener,
    private readonly calls: Roster<GrpcJsCall>,
  ) {
    this.#channel = channel;
    this.#listener = listener;
    calls.add(this);
    // Deadlines are the mesh's own: one timer a call instead of one a layer.
    this.#call = channel.createCall(request.path, Number.POSITIVE_INFINITY, request.host, null, null);
    if (request.credentials !== undefined) this.#call.setCredentials(request.credentials);
    this.#call.start(request.metadata, this);
  }

  send(message: Buffer, flags: number, written: (() => void) | undefined): void {
    this.#call.sendMessageWithContext(
      written === undefined ? { flags } : { flags, callback: written },
      message,
    );
  }

  halfClose(): void {
    this.#call.halfClose();
  }

  read(): void {
    this.#call.startRead();
  }

  cancel(): void {
    this.#end(status.CANCELLED, 'Cancelled by the mesh');
  }

  /** The connection is closed. */
  abandon(): void {
    this.#end(status.UNAVAILABLE, 'Connection dropped');
  }

  #end(code: status, details: string): void {
    this.#call.cancelWithStatus(code, details);
    if (this.headers === undefined) cancelAgain(this.#call, code, details, LAYERS_TURNS);
  }

  peer(): string {
    return this.#call.getPeer();
  }

  get connected(): boolean {
    return this.#channel.getConnectivityState(false) === connectivityState.READY;
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.headers = metadata;
    this.#listener.onHeaders(metadata);
  }

  onReceiveMessage(message: Buffer): void {
    this.#listener.onMessage(message);
  }

  onReceiveStatus(ended: StatusObject): void {
    this.calls.delete(this);
    const listener = this.#listener;
    // grpc-js and Node keep a call in sight for a while; what it was for, and what came of it, need not stay with it.
    this.#listener = NOBODY;
    listener.onEnd(toOutcome(ended, this));
    this.headers = undefined;
  }
}
