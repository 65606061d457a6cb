import { Metadata, status } from '@grpc/grpc-js';
import {
  createAbortController,
  events,
  type Logger,
  type Method,
  messageOf,
  runInCallContext,
} from '@micromesh/core';
import type { ActiveCall } from './active-calls.js';
import type { BoundHandler } from './bound-handler.js';
import { CallLogger } from './call-logger.js';
import type { CallRoom, Surface } from './call-room.js';
import { ContextMap, type ContextValues } from './context-values.js';
import type { HandlerContext } from './handler-context.js';
import { deadlineOn, Inherited } from './inherited-context.js';
import type { Admission, Applicant } from './limits/load-limits.js';
import { type ReplyStatus, replyTo } from './reply-status.js';
import { RpcError } from './rpc-error.js';
import { sendableOf } from './sendable-metadata.js';
import { pollSockets } from './stall-detector.js';

const ATTEMPTS_BEFORE = 'grpc-previous-rpc-attempts';
/** grpc-js may answer a call this much before its deadline, and then says nothing to a handler that starts later. */
const DEADLINE_SLACK_MS = 2;
const WANTED = Promise.resolve();

/**
 * One call from the moment that grpc-js hands it over until its status is given back. It is the handler's context too:
 * what a handler seldom uses is made when it asks.
 */
export abstract class ServerCall implements HandlerContext, ActiveCall, Applicant {
  protected readonly handler: BoundHandler;
  /** The subclass sets it when `run` has come to its end. */
  protected complete = false;
  /** Its place under the server's limits, or in the line before them. */
  held: Admission | undefined;
  readonly #room: CallRoom;
  readonly #surface: Surface;
  /** On the mesh's clock. */
  readonly #deadlineAt: number;
  #gone = false;
  #cutBy: RpcError | undefined;
  #settled = false;
  #begun = false;
  #started = false;
  #headerSent = false;
  #stallsSeen = 0;
  #controller: AbortController | undefined;
  #header: Metadata | undefined;
  #trailer: Metadata | undefined;
  #log: Logger | undefined;
  #values: ContextMap | undefined;

  constructor(room: CallRoom, handler: BoundHandler, surface: Surface) {
    this.#room = room;
    this.handler = handler;
    this.#surface = surface;
    this.#deadlineAt = surface.deadlineAt ?? deadlineOn(room.clock, surface.getDeadline());
  }

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
    this.#room.active.add(this);
    this.#surface.on('cancelled', () => this.#onCancelled());
    if (this.#room.stalls.unsettled) void pollSockets().then(() => this.#apply());
    else this.#apply();
  }

  #apply(): void {
    const { limits } = this.#room;
    if (limits === undefined || this.gone || this.#late) this.admitted();
    else limits.apply(this);
  }

  admitted(): void {
    this.#begun = true;
    if (this.gone || this.#late) {
      this.#settle();
      this.#abandoned('beforeHandler');
      this.#failWith(this.goneError());
      return;
    }
    this.#stallsSeen = this.#room.stalls.stalls;
    void runInCallContext(new Inherited(this, this.#deadlineAt), () => this.#serve());
  }

  async #serve(): Promise<void> {
    try {
      await this.#room.serve(this);
      if (!this.complete)
        throw new RpcError(status.INTERNAL, 'an interceptor ended the call without a response');
      this.#settle();
      if (this.#gone) return;
      this.flushHeader();
      this.succeed(this.#trailer === undefined ? undefined : this.#sendable(this.#trailer, 'trailer'));
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
    this.#room.active.delete(this);
  }

  #failWith(error: unknown): void {
    const reply = replyTo(error, this.#trailer);
    if (this.#gone && (reply.chosen || isAbort(error))) {
      this.log.debug({ code: reply.code, details: reply.details }, 'a call ended after its caller had gone');
    } else if (!reply.chosen) {
      this.log.error({ err: error }, 'a handler failed with an error that is no status; answered UNKNOWN');
    }
    if (!this.#gone) this.#answer(reply);
  }

  /** The one way out for a status other than OK. */
  #answer(reply: ReplyStatus): void {
    const metadata = this.#sendable(reply.metadata, 'trailer');
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
    this.#controller?.abort(this.goneError());
    this.release();
    // In the line before the limits: it does not wait for a place to find out that nobody waits for it.
    if (this.held !== undefined && !this.#begun) this.admitted();
  }

  cut(): void {
    if (this.#settled || this.#gone) return;
    this.#cutBy = new RpcError(status.UNAVAILABLE, 'the server went away before the call had ended');
    this.#leave();
    this.#answer(replyTo(this.#cutBy, undefined));
  }

  /** Whether the caller no longer waits, as far as the sockets have been read. */
  protected get gone(): boolean {
    return this.#gone;
  }

  protected goneError(): RpcError {
    if (this.#cutBy !== undefined) return this.#cutBy;
    return this.#late
      ? new RpcError(status.DEADLINE_EXCEEDED, 'Deadline exceeded')
      : new RpcError(status.CANCELLED, 'the caller has gone');
  }

  #abandoned(stage: 'beforeHandler' | 'inHandler'): void {
    if (!events.abandoned.heard) return;
    events.abandoned.publish({
      service: this.#room.service,
      method: this.method.path,
      stage,
    });
  }

  get method(): Method {
    return this.handler.method;
  }

  get metadata(): Metadata {
    return this.#surface.metadata;
  }

  get peer(): string {
    return this.#surface.getPeer();
  }

  get attempt(): number {
    const before = Number(this.#surface.metadata.get(ATTEMPTS_BEFORE)[0] ?? 0);
    return Number.isInteger(before) && before >= 0 ? before + 1 : 1;
  }

  get deadline(): Date | undefined {
    const deadline = this.#surface.getDeadline();
    if (deadline instanceof Date) return deadline;
    return Number.isFinite(deadline) ? new Date(deadline) : undefined;
  }

  get remainingMs(): () => number {
    return () => this.#remainingMs();
  }

  get #late(): boolean {
    return this.#remainingMs() < DEADLINE_SLACK_MS;
  }

  #remainingMs(): number {
    return this.#deadlineAt === Number.POSITIVE_INFINITY
      ? this.#deadlineAt
      : Math.max(0, this.#deadlineAt - this.#room.clock.now());
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = createAbortController();
      if (this.#gone) this.#controller.abort(this.goneError());
    }
    return this.#controller.signal;
  }

  get stillWanted(): () => Promise<void> {
    return () => {
      const { stalls } = this.#room.stalls;
      if (stalls === this.#stallsSeen) return this.#wanted();
      this.#stallsSeen = stalls;
      return pollSockets().then(() => this.#wanted());
    };
  }

  #wanted(): Promise<void> {
    if (!this.#gone && !this.#late) return WANTED;
    this.#abandoned('inHandler');
    return Promise.reject(this.goneError());
  }

  get header(): Metadata {
    this.#header ??= new Metadata();
    return this.#header;
  }

  get sendHeader(): () => void {
    return () => {
      if (this.#headerSent || this.#gone || this.#settled) return;
      this.#headerSent = true;
      this.#surface.sendMetadata(this.#sendable(this.header, 'header'));
    };
  }

  /** Sends the headers if the handler has set any and they are not on their way. */
  protected flushHeader(): void {
    if (this.#header === undefined || this.#headerSent) return;
    this.#headerSent = true;
    this.#surface.sendMetadata(this.#sendable(this.#header, 'header'));
  }

  get trailer(): Metadata {
    this.#trailer ??= new Metadata();
    return this.#trailer;
  }

  /** Node throws at what is not sendable from an event of the stream, where nobody catches it: all metadata goes through here last. */
  #sendable(original: Metadata, what: 'header' | 'trailer'): Metadata {
    const { metadata, reserved, repeated } = sendableOf(original);
    if (reserved.length > 0)
      this.log.warn({ names: reserved }, `a handler set a reserved ${what}; it is not sent`);
    if (repeated.length > 0) {
      this.log.warn(
        { names: repeated },
        `a handler set more than one value of a ${what} that takes one; the last is sent`,
      );
    }
    return metadata;
  }

  get log(): Logger {
    this.#log ??= new CallLogger(this.#room.logger, { method: this.method.path, peer: this.peer });
    return this.#log;
  }

  get values(): ContextValues {
    this.#values ??= new ContextMap();
    return this.#values;
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
