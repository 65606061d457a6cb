import { Metadata, status } from '@grpc/grpc-js';
import {
  type CallReceiver,
  type IncomingCall,
  type ScriptedNode,
  ScriptedReceiver,
  type ScriptedReply,
} from '@micromesh/client/testing';
import { checkNumber, receivesOneMessage, type ServiceDefinition } from '@micromesh/core';
import type { NoOthers } from '@micromesh/server';
import { type BoundHandler, bindHandlers, type CallRoom } from '@micromesh/server/testing';
import { checkReply } from './check-reply.js';
import { serveCall } from './served-call.js';
import { runnable, type TestHandlers } from './test-handlers.js';

/** A node of a test mesh. */
export class TestNode {
  readonly #node: ScriptedNode;
  readonly #room: CallRoom;
  readonly #next: ScriptedReply[] = [];
  readonly #handlers = new Map<string, BoundHandler>();

  constructor(node: ScriptedNode, room: CallRoom) {
    this.#node = node;
    this.#room = room;
    node.accept = (call) => this.#accept(call);
  }

  get id(): string {
    return this.#node.id;
  }

  /**
   * Serves a proto service; handlers that the node has for the same methods give way.
   *
   * @param definition - the generated `XService` constant, `loaded.package.X.service` of proto-loader, or a part of one.
   * @param handlers - as a server takes them, with the same context; a stream of responses may also be an array.
   * @param afterMs - how long each answer takes on the test's clock; default 0.
   * @throws ConfigError when it is no definition, or a handler is missing, misspelt or no function.
   */
  serve<S extends ServiceDefinition, H extends TestHandlers<S>>(
    definition: S,
    handlers: H & NoOthers<H, S>,
    afterMs = 0,
  ): this {
    checkNumber('serve afterMs', afterMs, 0);
    for (const handler of bindHandlers(definition, handlers)) {
      this.#handlers.set(handler.method.path, runnable(handler, this.#room.clock, afterMs));
    }
    return this;
  }

  /**
   * What it does with its next requests, one reply each, before it serves again.
   *
   * @throws ConfigError for a kind or a field that there is not.
   */
  script(...replies: readonly ScriptedReply[]): this {
    for (const [index, reply] of replies.entries()) checkReply(`script[${index}]`, reply);
    this.#next.push(...replies);
    return this;
  }

  /** The process dies: connections break, further ones are refused. */
  goDown(): void {
    this.#node.goDown();
  }

  /** It is there again. */
  comeBack(): void {
    this.#node.comeBack();
  }

  /** The process stops without a word, as by SIGSTOP. */
  freeze(): void {
    this.#node.freeze();
  }

  /** It goes on where it was. */
  thaw(): void {
    this.#node.thaw();
  }

  #accept(call: IncomingCall): CallReceiver {
    const handler = this.#handlers.get(call.path);
    const scripted = this.#next.shift();
    if (scripted !== undefined) {
      // The client of a conversation may never end its requests before it has an answer.
      const early = handler?.method.kind === 'bidi';
      return new ScriptedReceiver(call, () => answerable(scripted, handler), early);
    }
    if (handler !== undefined) return serveCall(this.#room, handler, call);
    call.sendStatus(status.UNIMPLEMENTED, `${this.id} serves no ${call.path}`, new Metadata());
    return new ScriptedReceiver(call, () => SILENCE);
  }
}

const SILENCE: ScriptedReply = { kind: 'silence' };

/** A client of one message would wait for ever for the end behind a second one. */
function answerable(reply: ScriptedReply, handler: BoundHandler | undefined): ScriptedReply {
  if (reply.kind !== 'answer' || reply.messages.length <= 1) return reply;
  if (handler === undefined || !receivesOneMessage(handler.method.kind)) return reply;
  const { path } = handler.method;
  const details = `the script answers ${path} with ${reply.messages.length} messages; it takes one`;
  return { kind: 'status', code: status.UNKNOWN, details };
}
