import { type CallCredentials, type Channel, type Metadata, status } from '@grpc/grpc-js';
import { type Outcome, onAbort, sendsOneMessage } from '@micromesh/core';
import type { CallOptions } from '../call/call-options.js';
import type { ClientCall, ResponseListener } from '../call/client-call.js';
import { localOutcome } from '../chain/local-outcome.js';
import { failedStatus } from './call-error.js';
import type { Caller } from './caller.js';
import { type ParentCall, signalOfParent } from './parent-signal.js';

/** grpc-js's `Call`, which it does not export by that name. */
export type GrpcCall = ReturnType<Channel['createCall']>;
type GrpcListener = Parameters<GrpcCall['start']>[1];
type MessageContext = Parameters<GrpcCall['sendMessageWithContext']>[0];

/** What is known of a call when a stub creates it. */
export interface MeshCallParts {
  readonly caller: Caller;
  readonly method: ClientCall['method'];
  readonly options: CallOptions;
  readonly host: string | undefined;
  /** Whether per-call credentials may go along. */
  readonly secure: boolean;
  readonly callNumber: number;
  /** Another server call of grpc-js's own that this one is to end with. */
  readonly cancelledWith: ParentCall | undefined;
}

/**
 * A call as a grpc-js stub holds it: bytes, metadata and a status, whatever the kind. The chain does the rest.
 *
 * An own object, since a stock `InterceptingCall` with an async look-up reorders messages (reference: the README's
 * architecture section).
 */
export class MeshCall implements GrpcCall {
  readonly #parts: MeshCallParts;
  #call: ClientCall | undefined;
  #listener: GrpcListener | undefined;
  #credentials: CallCredentials | undefined;
  #started = false;
  #stoppedBeforeStart: Outcome | undefined;

  constructor(parts: MeshCallParts) {
    this.#parts = parts;
  }

  start(metadata: Metadata, listener: GrpcListener): void {
    const { caller, method, options, host } = this.#parts;
    this.#listener = listener;
    const waitForReady = metadata.getOptions().waitForReady === true;
    const own = waitForReady ? { ...options, waitForReady } : options;
    const call = caller.newCall(method, metadata, own, new ListenerBridge(listener));
    this.#call = call;
    call.host = host;
    call.credentials = this.#credentials;
    if (this.#stoppedBeforeStart !== undefined) call.stop(this.#stoppedBeforeStart);
    // A single request is at hand when the stub has half-closed: starting then hands the first attempt the whole of it.
    if (!sendsOneMessage(method.kind)) this.#run(call);
  }

  sendMessageWithContext(context: MessageContext, message: Buffer): void {
    this.#call?.pushMessage({ bytes: message, flags: context.flags ?? 0, written: context.callback });
  }

  startRead(): void {
    this.#call?.requestRead();
  }

  halfClose(): void {
    const call = this.#call;
    if (call === undefined) return;
    call.endMessages();
    if (!this.#started) this.#run(call);
  }

  cancelWithStatus(code: status, details: string): void {
    const outcome = localOutcome(code, 'cancelled', 'unknown', details);
    const call = this.#call;
    if (call === undefined) {
      this.#stoppedBeforeStart = outcome;
      return;
    }
    call.stop(outcome);
    if (!this.#started) this.#run(call);
  }

  getPeer(): string {
    return this.#call?.winner?.peer() ?? this.#parts.caller.parts.to.name;
  }

  getCallNumber(): number {
    return this.#parts.callNumber;
  }

  setCredentials(credentials: CallCredentials): void {
    this.#credentials = credentials;
    if (this.#call !== undefined) this.#call.credentials = credentials;
  }

  getAuthContext(): ReturnType<GrpcCall['getAuthContext']> {
    return null;
  }

  #run(call: ClientCall): void {
    this.#started = true;
    const { caller, cancelledWith } = this.#parts;
    const parentSignal = cancelledWith && signalOfParent(cancelledWith);
    const offParent =
      parentSignal &&
      onAbort(parentSignal.signal, () =>
        call.stop(localOutcome(status.CANCELLED, 'cancelled', 'unknown', 'Cancelled by parent call')),
      );
    const tellEnd = (outcome: Outcome) => {
      offParent?.();
      parentSignal?.end();
      this.#tellEnd(call, outcome);
    };
    const refusal = this.#refusal(call);
    if (refusal === undefined) {
      void caller.startAndThen(call, tellEnd);
    } else {
      call.requests.close();
      // Never at once: who made the call listens only when it has been returned.
      void Promise.resolve(refusal).then(tellEnd);
    }
  }

  #tellEnd(call: ClientCall, outcome: Outcome): void {
    if (outcome.code === status.OK) {
      this.#listener?.onReceiveStatus({
        code: status.OK,
        details: outcome.details,
        metadata: outcome.trailers,
      });
    } else {
      // grpc-js copies what else is on a status onto its error: reason, attempts, and the message.
      this.#listener?.onReceiveStatus(failedStatus(call, outcome, this.#parts.caller.clock.now()));
    }
  }

  #refusal(call: ClientCall): Outcome | undefined {
    if (call.stopped !== undefined) return call.stopped;
    if (this.#credentials === undefined || this.#parts.secure) return undefined;
    return localOutcome(
      status.UNAUTHENTICATED,
      'credentials',
      'unsent',
      'per-call credentials would go over a clear connection; give the mesh TLS, or take them off the call',
    );
  }
}

class ListenerBridge implements ResponseListener {
  constructor(private readonly listener: GrpcListener) {}

  onHeaders(metadata: Metadata): void {
    this.listener.onReceiveMetadata(metadata);
  }

  onMessage(message: Buffer): void {
    this.listener.onReceiveMessage(message);
  }
}
