import { Metadata, status } from '@grpc/grpc-js';
import { CAME_LATE, events, messageOf, runInCallContext, SENT_AT } from '@micromesh/core';
import type { ActiveCall } from './active-calls.js';
import type { Arrival } from './arrivals.js';
import type { HandlerContext } from './handler-context.js';
import { Inherited } from './inherited-context.js';
import type { Admission, Applicant } from './limits/load-limits.js';
import type { LimitedApplicant } from './limits/policy-limits.js';
import { LiveContext } from './live-context.js';
import { type ReplyStatus, replyTo } from './reply-status.js';
import { RpcError } from './rpc-error.js';
import { pollSockets } from './stall-detector.js';

/**
 * A longer message takes its time on the way, and grpc-js gives a call with one message only when all of that is there: how late it comes tells
 * of the message, and would do so again if it was asked for anew.
 */
const MAX_TIMED_BYTES = 65_536;

/**
 * One call from the moment that grpc-js hands it over until its status is given back. It is the handler's context too, which saves a
 * call an object.
 */
export abstract class ServerCall extends LiveContext implements ActiveCall, Applicant, LimitedApplicant {
  /** The subclass sets it when `run` has come to its end. */
  protected complete = false;
  /** Its place under the server's limits, or in the line before them. */
  held: Admission | undefined;
  heldByPolicy: Admission | undefined;
  #gone = false;
  #cutBy: RpcError | undefined;
  #settled = false;
  #begun = false;
  #started = false;

  /** Of the one message of its request, as far as that is known. */
  protected abstract get messageLength(): number;
  /** Runs the handler to its end, its responses included. */
  protected abstract run(): Promise<void>;
  /** Ends the call with OK. */
  protected abstract succeed(trailer: Metadata | undefined): void;
  /** Ends the call with a status. */
  protected abstract fail(reply: ReplyStatus): void;
  /** Wakes what waits for the caller. */
  protected abstract release(): void;

  /** Starts the handler, unless nobody waits for it. Never throws. */
  begin(): void {
    this.room.active.add(this);
    this.surface.on('cancelled', () => this.#onCancelled());
    if (this.room.stalls.unsettled) void pollSockets().then(() => this.#apply());
    else this.#apply();
  }

  #apply(): void {
    const { policyLimits } = this.room;
    const arrival = this.#arrival();
    if (arrival !== undefined) this.wasHeldUp(arrival.heldUpMs);
    if (arrival?.isLate === true && !this.gone && !this.late) this.#refuseLate(arrival);
    else if (policyLimits === undefined || this.gone || this.late) this.passed();
    else policyLimits.apply(this);
  }

  passed(): void {
    const { limits } = this.room;
    if (limits === undefined || this.gone || this.late) this.admitted();
    else limits.apply(this);
  }

  #arrival(): Arrival | undefined {
    const { metadata } = this.surface;
    const [stamp] = metadata.get(SENT_AT);
    if (stamp === undefined) return undefined;
    // It is about this hop alone: a handler may hand its metadata on.
    metadata.remove(SENT_AT);
    if (this.messageLength > MAX_TIMED_BYTES) return undefined;
    return this.room.arrivals?.read(String(stamp), this.room.clock.now());
  }

  #refuseLate({ series, heldUpMs }: Arrival): void {
    const { service } = this.room;
    if (events.shed.heard) events.shed.publish({ service, method: this.method.path, cause: 'late' });
    const metadata = new Metadata();
    metadata.set(CAME_LATE, series);
    const details = `${service.name} has not begun the call: its request came ${Math.round(heldUpMs)} ms later than others of its client`;
    this.shed({ code: status.UNAVAILABLE, details, metadata, chosen: true });
  }

  admitted(): void {
    this.#begun = true;
    if (this.gone || this.late) {
      this.#settle();
      this.abandoned('beforeHandler');
      this.#failWith(this.goneError());
      return;
    }
    this.forgetStalls();
    void runInCallContext(new Inherited(this, this.deadlineAt), () => this.#serve());
  }

  async #serve(): Promise<void> {
    try {
      await this.room.serve(this);
      if (!this.complete)
        throw new RpcError(status.INTERNAL, 'an interceptor ended the call without a response');
      this.#settle();
      if (this.#gone) return;
      this.flushHeader();
      this.succeed(this.trailerSet && this.sendable(this.trailerSet, 'trailer'));
    } catch (error) {
      this.#settle();
      this.#failWith(error);
    }
  }

  shed(reply: ReplyStatus): void {
    this.#settle();
    this.#answer(reply);
  }

  #settle(): void {
    this.#settled = true;
    this.held?.leave();
    this.heldByPolicy?.leave();
    this.room.active.delete(this);
  }

  #failWith(error: unknown): void {
    const reply = replyTo(error, this.trailerSet);
    if (this.#gone && (reply.chosen || isAbort(error))) {
      this.log.debug({ code: reply.code, details: reply.details }, 'a call ended after its caller had gone');
    } else if (!reply.chosen) {
      this.log.error({ err: error }, 'a handler failed with an error that is no status; answered UNKNOWN');
    }
    if (!this.#gone) this.#answer(reply);
  }

  /** The one way out for a status other than OK. */
  #answer(reply: ReplyStatus): void {
    const metadata = this.sendable(reply.metadata, 'trailer');
    if (this.#tryToFail({ ...reply, metadata }, 'a status could not be sent; trying without its metadata'))
      return;
    this.#tryToFail({ ...reply, metadata: new Metadata() }, 'a status could not be sent');
  }

  #tryToFail(reply: ReplyStatus, problem: string): boolean {
    try {
      this.fail(reply);
      return true;
    } catch (broken) {
      this.log.error({ err: broken }, problem);
      return false;
    }
  }

  /**
   * @throws RpcError UNKNOWN when the handler's response is not of the method's type: it is a bug as any that throws, and one that
   *   a client must not run twice, as it may with INTERNAL.
   */
  protected serialize(response: unknown): Buffer {
    if (response === undefined || response === null) {
      this.log.error({}, 'a handler gave no response; answered UNKNOWN');
      throw new RpcError(status.UNKNOWN, `the handler returned ${response}; return the response message`);
    }
    try {
      // The handler's type says that it is the method's response; what lies is caught here.
      return this.handler.definition.responseSerialize(response as never);
    } catch (error) {
      this.log.error({ err: error }, 'a response is not of the type of its method; answered UNKNOWN');
      throw new RpcError(status.UNKNOWN, `Error serializing response: ${messageOf(error)}`);
    }
  }

  /** The innermost link of the chain. */
  serveHandler(): Promise<void> {
    if (this.#started)
      return Promise.reject(new RpcError(status.INTERNAL, 'an interceptor called next twice'));
    this.#started = true;
    return this.run();
  }

  #onCancelled(): void {
    // grpc-js says this at the end of every call, also of one that went well.
    if (this.#settled || this.#gone) return;
    this.#leave();
  }

  #leave(): void {
    this.#gone = true;
    this.abortSignal();
    this.release();
    // In the line before the limits: it does not wait for a place to find out that nobody waits for it.
    if (!this.#begun && (this.held !== undefined || this.heldByPolicy !== undefined)) this.admitted();
  }

  cut(): void {
    if (this.#settled || this.#gone) return;
    this.#cutBy = new RpcError(status.UNAVAILABLE, 'the server went away before the call had ended');
    this.#leave();
    this.#answer(replyTo(this.#cutBy, undefined));
  }

  protected override get gone(): boolean {
    return this.#gone;
  }

  protected override get settled(): boolean {
    return this.#settled;
  }

  protected override goneError(): RpcError {
    if (this.#cutBy !== undefined) return this.#cutBy;
    return this.late
      ? new RpcError(status.DEADLINE_EXCEEDED, 'Deadline exceeded')
      : new RpcError(status.CANCELLED, 'the caller has gone');
  }
}

/**
 * The innermost link of every server's chain: the handler.
 *
 * @throws RpcError INTERNAL when an interceptor handed on something else than its context.
 */
export function runHandler(context: HandlerContext): Promise<void> {
  if (context instanceof ServerCall) return context.serveHandler();
  return Promise.reject(
    new RpcError(status.INTERNAL, 'an interceptor must hand on the context that it was given'),
  );
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
