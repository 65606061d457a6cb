import { status } from '@grpc/grpc-js';
import type { RecordedAttempt, ScriptedNode, ScriptedReply } from '@micromesh/client/testing';
import {
  type DefinedMethod,
  messageOf,
  type RequestOf,
  type ResponseOf,
  readServiceDefinition,
  type ServiceDefinition,
} from '@micromesh/core';

/**
 * What a scripted node answers, by method: the response, or for a method that streams responses all of them. A method
 * that is left out is UNIMPLEMENTED; what a function throws becomes UNKNOWN.
 */
export type TestHandlers<S extends ServiceDefinition> = {
  readonly [K in keyof S]?: (
    request: RequestOf<S[K]>,
    attempt: RecordedAttempt,
  ) => S[K]['responseStream'] extends true ? readonly ResponseOf<S[K]>[] : ResponseOf<S[K]>;
};

type TestHandler = (request: never, attempt: RecordedAttempt) => unknown;

/** A node of a test mesh. */
export class TestNode {
  readonly #node: ScriptedNode;
  readonly #next: ScriptedReply[] = [];
  readonly #methods = new Map<string, (attempt: RecordedAttempt) => ScriptedReply>();

  constructor(node: ScriptedNode) {
    this.#node = node;
    node.script = (attempt) => this.#next.shift() ?? this.#answer(attempt);
  }

  get id(): string {
    return this.#node.id;
  }

  /**
   * Serves a proto service.
   *
   * @param afterMs - how long each answer takes on the test's clock; default 0.
   */
  serve<S extends ServiceDefinition>(definition: S, handlers: TestHandlers<S>, afterMs = 0): this {
    for (const defined of readServiceDefinition(definition)) {
      const handler: TestHandler | undefined = handlers[defined.key];
      if (handler !== undefined)
        this.#methods.set(defined.method.path, answerWith(defined, handler, afterMs));
    }
    return this;
  }

  /** What it does with its next requests, one reply each, before it serves again. */
  script(...replies: readonly ScriptedReply[]): this {
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

  #answer(attempt: RecordedAttempt): ScriptedReply {
    const answer = this.#methods.get(attempt.path);
    if (answer !== undefined) return answer(attempt);
    return { kind: 'status', code: status.UNIMPLEMENTED, details: `${this.id} serves no ${attempt.path}` };
  }
}

function answerWith(
  { method, definition }: DefinedMethod,
  handler: TestHandler,
  afterMs: number,
): (attempt: RecordedAttempt) => ScriptedReply {
  const serialize: (value: never) => Buffer = definition.responseSerialize.bind(definition);
  return (attempt) => {
    try {
      const request = definition.requestDeserialize(attempt.messages[0] ?? Buffer.alloc(0));
      // The definition's own functions made the request, and make bytes of what the handler's type allows.
      const response = handler(request as never, attempt);
      const all = method.kind === 'serverStream' || method.kind === 'bidi' ? response : [response];
      return { kind: 'answer', messages: (all as never[]).map(serialize), afterMs };
    } catch (error) {
      return { kind: 'status', code: status.UNKNOWN, details: messageOf(error) };
    }
  };
}
