import { Metadata } from '@grpc/grpc-js';
import { createAbortController, events, type Logger, type Method } from '@micromesh/core';
import type { BoundHandler } from './bound-handler.js';
import { CallLogger } from './call-logger.js';
import type { CallRoom, Surface } from './call-room.js';
import { ContextMap, type ContextValues } from './context-values.js';
import type { HandlerContext } from './handler-context.js';
import { deadlineOn } from './inherited-context.js';
import type { RpcError } from './rpc-error.js';
import { sendableOf } from './sendable-metadata.js';
import { pollSockets } from './stall-detector.js';

const ATTEMPTS_BEFORE = 'grpc-previous-rpc-attempts';
/** grpc-js may answer a call this much before its deadline, and then says nothing to a handler that starts later. */
const DEADLINE_SLACK_MS = 2;
const WANTED = Promise.resolve();

/** A call as its handler sees it. What a handler seldom uses is made when it asks. */
export abstract class LiveContext implements HandlerContext {
  protected readonly handler: BoundHandler;
  protected readonly room: CallRoom;
  /** On the mesh's clock. */
  protected deadlineAt: number;
  protected readonly surface: Surface;
  #heldUpMs = 0;
  #headerSent = false;
  #stallsSeen = 0;
  #controller: AbortController | undefined;
  #header: Metadata | undefined;
  #trailer: Metadata | undefined;
  #log: Logger | undefined;
  #values: ContextMap | undefined;

  constructor(room: CallRoom, handler: BoundHandler, surface: Surface) {
    this.room = room;
    this.handler = handler;
    this.surface = surface;
    this.deadlineAt = surface.deadlineAt ?? deadlineOn(room.clock, surface.getDeadline());
  }

  /** Whether the caller no longer waits, as far as the sockets have been read. */
  protected abstract get gone(): boolean;
  /** Whether the handler has come to its end. */
  protected abstract get settled(): boolean;
  /** Why nobody waits. */
  protected abstract goneError(): RpcError;

  get method(): Method {
    return this.handler.method;
  }

  get metadata(): Metadata {
    return this.surface.metadata;
  }

  get peer(): string {
    return this.surface.getPeer();
  }

  get attempt(): number {
    const before = Number(this.surface.metadata.get(ATTEMPTS_BEFORE)[0] ?? 0);
    return Number.isInteger(before) && before >= 0 ? before + 1 : 1;
  }

  get deadline(): Date | undefined {
    const deadline = this.surface.getDeadline();
    const at = typeof deadline === 'number' ? deadline : deadline.getTime();
    return Number.isFinite(at) ? new Date(at - this.#heldUpMs) : undefined;
  }

  /** The request was so long on its way: the wire says how much was left when it went. */
  protected wasHeldUp(ms: number): void {
    this.#heldUpMs = ms;
    this.deadlineAt -= ms;
  }

  get remainingMs(): () => number {
    return () => this.#remainingMs();
  }

  protected get late(): boolean {
    return this.#remainingMs() < DEADLINE_SLACK_MS;
  }

  #remainingMs(): number {
    return this.deadlineAt === Number.POSITIVE_INFINITY
      ? this.deadlineAt
      : Math.max(0, this.deadlineAt - this.room.clock.now());
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = createAbortController();
      if (this.gone) this.#controller.abort(this.goneError());
    }
    return this.#controller.signal;
  }

  get stillWanted(): () => Promise<void> {
    return () => {
      const { stalls } = this.room.stalls;
      if (stalls === this.#stallsSeen) return this.#wanted();
      this.#stallsSeen = stalls;
      return pollSockets().then(() => this.#wanted());
    };
  }

  #wanted(): Promise<void> {
    if (!this.gone && !this.late) return WANTED;
    this.abandoned('inHandler');
    return Promise.reject(this.goneError());
  }

  get header(): Metadata {
    this.#header ??= new Metadata();
    return this.#header;
  }

  get sendHeader(): () => void {
    return () => {
      if (this.#headerSent || this.gone || this.settled) return;
      this.#headerSent = true;
      this.surface.sendMetadata(this.sendable(this.header, 'header'));
    };
  }

  /** Sends the headers if the handler has set any and they are not on their way. */
  protected flushHeader(): void {
    if (this.#header === undefined || this.#headerSent) return;
    this.#headerSent = true;
    this.surface.sendMetadata(this.sendable(this.#header, 'header'));
  }

  get trailer(): Metadata {
    this.#trailer ??= new Metadata();
    return this.#trailer;
  }

  /** Node throws at what is not sendable from an event of the stream, where nobody catches it: all metadata goes through here last. */
  protected sendable(original: Metadata, what: 'header' | 'trailer'): Metadata {
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
    this.#log ??= new CallLogger(this.room.logger, { method: this.method.path, peer: this.peer });
    return this.#log;
  }

  get values(): ContextValues {
    this.#values ??= new ContextMap();
    return this.#values;
  }

  protected abandoned(stage: 'beforeHandler' | 'inHandler'): void {
    if (!events.abandoned.heard) return;
    events.abandoned.publish({
      service: this.room.service,
      method: this.method.path,
      stage,
    });
  }

  /** What comes before the handler's start is no stall of the handler. */
  protected forgetStalls(): void {
    this.#stallsSeen = this.room.stalls.stalls;
  }

  /** Tells whoever listens to the signal that the caller has gone. */
  protected abortSignal(): void {
    this.#controller?.abort(this.goneError());
  }

  /** What the handler has put into the trailer, if anything. */
  protected get trailerSet(): Metadata | undefined {
    return this.#trailer;
  }
}
