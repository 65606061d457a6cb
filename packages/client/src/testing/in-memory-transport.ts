import { Metadata, status } from '@grpc/grpc-js';
import type { Clock, Outcome, ServiceNode } from '@micromesh/core';
import { localOutcome } from '../chain/local-outcome.js';
import { QUESTION_PATH } from '../nodes/question.js';
import type {
  Connection,
  ConnectionState,
  Transport,
  WireCall,
  WireListener,
  WireRequest,
} from '../transport/transport.js';

/** What a scripted node does with a request whose messages are all there. */
export type ScriptedReply =
  /** Answers with these messages (bytes), OK. */
  | { readonly kind: 'answer'; readonly messages: readonly Buffer[]; readonly afterMs?: number }
  /** Answers with a status that is not OK. */
  | { readonly kind: 'status'; readonly code: number; readonly details?: string; readonly afterMs?: number }
  /** The connection breaks, all its calls with it; `handled` says nothing to the client. */
  | { readonly kind: 'drop'; readonly afterMs?: number }
  /** Turns the stream away before it is handled. */
  | { readonly kind: 'refuse' }
  /** Says nothing, though the node lives. */
  | { readonly kind: 'silence' };

/** A request as a scripted node gets it. */
export interface RecordedAttempt {
  readonly nodeId: string;
  readonly path: string;
  readonly metadata: Metadata;
  /** When it came, on the test's clock. */
  readonly at: number;
  readonly messages: readonly Buffer[];
  /** The client has cancelled it. */
  readonly cancelled: boolean;
}

/** Decides what a node does with a request. */
export type NodeScript = (attempt: RecordedAttempt) => ScriptedReply;

const ECHO: NodeScript = ({ messages }) => ({ kind: 'answer', messages });

/** One node of an {@link InMemoryTransport}, as a test steers it. */
export class ScriptedNode {
  /** What it does with requests; default: echoes their messages. */
  script: NodeScript = ECHO;
  #up = true;
  #frozen = false;
  readonly #connections = new Set<MemoryConnection>();
  readonly #waiting: (() => void)[] = [];

  constructor(readonly id: string) {}

  get isUp(): boolean {
    return this.#up;
  }

  /** The process dies: connections break, further ones are refused. */
  goDown(): void {
    this.#up = false;
    for (const connection of this.#connections) connection.become('failed', 'connect ECONNREFUSED');
  }

  /** It is there again, at the same address. */
  comeBack(): void {
    this.#up = true;
    for (const connection of this.#connections) connection.become('ready', '');
  }

  /** The process stops without a word, as by SIGSTOP: connections stay, nothing is answered. */
  freeze(): void {
    this.#frozen = true;
  }

  /** It goes on where it was. */
  thaw(): void {
    this.#frozen = false;
    for (const run of this.#waiting.splice(0)) run();
  }

  /** Runs `work` now, or when the node has thawed. */
  run(work: () => void): void {
    if (this.#frozen) this.#waiting.push(work);
    else work();
  }

  attach(connection: MemoryConnection): void {
    this.#connections.add(connection);
  }

  detach(connection: MemoryConnection): void {
    this.#connections.delete(connection);
  }
}

/** Nodes in the test's own process, which do what their scripts say, on the test's clock. */
export class InMemoryTransport implements Transport {
  readonly secure = false;
  /** Every request that reached a node, questions and health checks left out. */
  readonly attempts: RecordedAttempt[] = [];
  /** How often nodes were asked whether they live. */
  questions = 0;
  readonly #nodes = new Map<string, ScriptedNode>();

  constructor(readonly clock: Clock) {}

  /** The node of an id; made when it is first named. */
  node(id: string): ScriptedNode {
    let node = this.#nodes.get(id);
    if (node === undefined) {
      node = new ScriptedNode(id);
      this.#nodes.set(id, node);
    }
    return node;
  }

  connect(node: ServiceNode, onState: (state: ConnectionState, cause: string) => void): Connection {
    return new MemoryConnection(this, this.node(node.id), onState);
  }
}

/** A connection to a {@link ScriptedNode}. */
export class MemoryConnection implements Connection {
  state: ConnectionState = 'connecting';
  readonly #calls = new Set<MemoryCall>();
  #closed = false;

  constructor(
    readonly transport: InMemoryTransport,
    readonly node: ScriptedNode,
    private readonly onState: (state: ConnectionState, cause: string) => void,
  ) {
    node.attach(this);
    queueMicrotask(() => {
      if (node.isUp) this.become('ready', '');
      else this.become('failed', 'connect ECONNREFUSED');
    });
  }

  /** Takes a state that the node has given it. */
  become(state: ConnectionState, cause: string): void {
    if (this.#closed || this.state === state) return;
    this.state = state;
    if (state === 'failed') {
      for (const call of [...this.#calls]) {
        call.end(localOutcome(status.UNAVAILABLE, 'dropped', 'unknown', 'Connection dropped'));
      }
    }
    this.onState(state, cause);
  }

  call(request: WireRequest, listener: WireListener): WireCall {
    const call = new MemoryCall(this, request, listener, () => this.#calls.delete(call));
    this.#calls.add(call);
    return call;
  }

  close(): void {
    this.#closed = true;
    this.node.detach(this);
  }
}

class MemoryCall implements WireCall, RecordedAttempt {
  readonly nodeId: string;
  readonly path: string;
  readonly metadata: Metadata;
  readonly at: number;
  readonly messages: Buffer[] = [];
  cancelled = false;
  #ended = false;
  #reads = 0;
  #ready: Buffer[] = [];
  #atEnd: Outcome | undefined;

  constructor(
    private readonly connection: MemoryConnection,
    request: WireRequest,
    private readonly listener: WireListener,
    private readonly done: () => void,
  ) {
    this.nodeId = connection.node.id;
    this.path = request.path;
    this.metadata = request.metadata;
    this.at = connection.transport.clock.now();
    if (this.#isOfTheMesh) connection.transport.questions++;
    else connection.transport.attempts.push(this);
  }

  get #isOfTheMesh(): boolean {
    return this.path === QUESTION_PATH || this.path === '/grpc.health.v1.Health/Check';
  }

  send(message: Buffer, _flags: number, written: (() => void) | undefined): void {
    this.messages.push(message);
    if (written !== undefined) queueMicrotask(written);
  }

  halfClose(): void {
    queueMicrotask(() => this.connection.node.run(() => this.#reply()));
  }

  read(): void {
    this.#reads++;
    this.#deliver();
  }

  cancel(): void {
    this.cancelled = true;
    this.#ended = true;
    this.done();
  }

  peer(): string {
    return `memory:${this.nodeId}`;
  }

  /** Ends the call with an outcome of the wire. */
  end(outcome: Outcome): void {
    this.#atEnd = outcome;
    this.#ready = [];
    this.#deliver();
  }

  #reply(): void {
    if (this.#ended) return;
    const reply = this.#isOfTheMesh ? UNIMPLEMENTED : this.connection.node.script(this);
    const afterMs = 'afterMs' in reply ? (reply.afterMs ?? 0) : 0;
    if (afterMs === 0) this.#carryOut(reply);
    else {
      const { node, transport } = this.connection;
      transport.clock.setTimer(afterMs, () => node.run(() => this.#carryOut(reply)));
    }
  }

  #carryOut(reply: ScriptedReply): void {
    if (this.#ended) return;
    switch (reply.kind) {
      case 'answer':
        this.listener.onHeaders(new Metadata());
        this.#ready = [...reply.messages];
        this.#atEnd = answered(status.OK, '');
        this.#deliver();
        return;
      case 'status':
        this.end(answered(reply.code, reply.details ?? 'scripted'));
        return;
      case 'drop':
        this.connection.become('failed', 'the connection was closed');
        if (this.connection.node.isUp) queueMicrotask(() => this.connection.become('ready', ''));
        return;
      case 'refuse':
        this.end(localOutcome(status.UNAVAILABLE, 'refused', 'unsent', 'Stream refused by server'));
        return;
      case 'silence':
        return;
    }
  }

  #deliver(): void {
    while (this.#reads > 0 && this.#ready.length > 0) {
      this.#reads--;
      const message = this.#ready.shift();
      if (message !== undefined) this.listener.onMessage(message);
      if (this.#ended) return;
    }
    if (this.#ready.length > 0 || this.#atEnd === undefined || this.#ended) return;
    this.#ended = true;
    this.done();
    this.listener.onEnd(this.#atEnd);
  }
}

const UNIMPLEMENTED: ScriptedReply = { kind: 'status', code: status.UNIMPLEMENTED };

function answered(code: number, details: string): Outcome {
  return { code, details, trailers: new Metadata(), origin: 'remote', delivery: 'answered', reason: 'none' };
}
