import { status } from '@grpc/grpc-js';
import type { Clock, ServiceNode } from '@micromesh/core';
import { localOutcome } from '../chain/local-outcome.js';
import { QUESTION_PATH } from '../nodes/question.js';
import { Roster } from '../roster.js';
import type {
  Connection,
  ConnectionState,
  Transport,
  WireCall,
  WireListener,
  WireRequest,
} from '../transport/transport.js';
import { type CallSite, MemoryCall } from './memory-call.js';
import type { CallReceiver, IncomingCall, RecordedAttempt, ScriptedReply } from './node-script.js';
import { type NodeConnection, ScriptedNode } from './scripted-node.js';
import { ScriptedReceiver } from './scripted-receiver.js';

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
class MemoryConnection implements Connection, NodeConnection, CallSite {
  state: ConnectionState = 'connecting';
  readonly clock: Clock;
  readonly #calls = new Roster<MemoryCall>();
  #closed = false;

  constructor(
    private readonly transport: InMemoryTransport,
    readonly node: ScriptedNode,
    private readonly onState: (state: ConnectionState, cause: string) => void,
  ) {
    this.clock = transport.clock;
    node.attach(this);
    queueMicrotask(() => {
      if (node.isUp) this.become('ready', '');
      else this.become('failed', 'connect ECONNREFUSED');
    });
  }

  become(state: ConnectionState, cause: string): void {
    if (this.#closed || this.state === state) return;
    this.state = state;
    if (state === 'failed') {
      for (const call of [...this.#calls]) {
        call.cut(localOutcome(status.UNAVAILABLE, 'dropped', 'unknown', 'Connection dropped'));
      }
    }
    this.onState(state, cause);
  }

  call(request: WireRequest, listener: WireListener): WireCall {
    const call = new MemoryCall(this, request, listener);
    this.#calls.add(call);
    if (isOfTheMesh(call)) this.transport.questions++;
    else this.transport.attempts.push(call);
    return call;
  }

  close(): void {
    this.#closed = true;
    this.node.detach(this);
  }

  receiverFor(call: IncomingCall): CallReceiver {
    return isOfTheMesh(call) ? new ScriptedReceiver(call, () => UNIMPLEMENTED) : this.node.accept(call);
  }

  drop(): void {
    this.become('failed', 'the connection was closed');
    if (this.node.isUp) queueMicrotask(() => this.become('ready', ''));
  }

  ended(call: MemoryCall): void {
    this.#calls.delete(call);
  }
}

const UNIMPLEMENTED: ScriptedReply = { kind: 'status', code: status.UNIMPLEMENTED };

function isOfTheMesh({ path }: RecordedAttempt): boolean {
  return path === QUESTION_PATH || path === '/grpc.health.v1.Health/Check';
}
