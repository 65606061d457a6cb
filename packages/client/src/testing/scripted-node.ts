import { AsyncLocalStorage } from 'node:async_hooks';
import type { ConnectionState } from '../transport/transport.js';
import type { CallReceiver, IncomingCall, NodeScript } from './node-script.js';
import { ScriptedReceiver } from './scripted-receiver.js';

const ECHO: NodeScript = ({ messages }) => ({ kind: 'answer', messages });

/** A connection, as the node at its end sees it. */
export interface NodeConnection {
  /** Takes a state that the node has given it. */
  become(state: ConnectionState, cause: string): void;
}

/** One node of an in-memory transport, as a test steers it. */
export class ScriptedNode {
  /** What it does with requests; default: echoes their messages. */
  script: NodeScript = ECHO;
  /** Takes each request as it begins; default: leaves it to the {@link script}. */
  accept: (call: IncomingCall) => CallReceiver = (call) =>
    new ScriptedReceiver(call, (attempt) => this.script(attempt));
  #up = true;
  #frozen = false;
  readonly #connections = new Set<NodeConnection>();
  readonly #waiting: (() => void)[] = [];
  /** A process of its own: what is ambient where a call is made must not reach its handlers. */
  readonly #inProcess = AsyncLocalStorage.snapshot();

  constructor(readonly id: string) {}

  get isUp(): boolean {
    return this.#up;
  }

  /** The process dies: connections break, further ones are refused. */
  goDown(): void {
    this.#up = false;
    for (const connection of this.#connections) connection.become('failed', 'connect ECONNREFUSED');
    this.thaw();
  }

  /** It is there again, at the same address. */
  comeBack(): void {
    this.#up = true;
    for (const connection of this.#connections) connection.become('ready', '');
  }

  /** The process stops without a word, as by SIGSTOP: connections stay, nothing goes in or out. */
  freeze(): void {
    this.#frozen = true;
  }

  /** It goes on where it was. */
  thaw(): void {
    this.#frozen = false;
    while (!this.#frozen) {
      const work = this.#waiting[0];
      if (work === undefined) return;
      this.#inProcess(work);
      this.#waiting.shift();
    }
  }

  /** Runs `work` now, or when the node has thawed; in the order in which it was given. */
  run(work: () => void): void {
    if (this.#frozen || this.#waiting.length > 0) this.#waiting.push(work);
    else this.#inProcess(work);
  }

  attach(connection: NodeConnection): void {
    this.#connections.add(connection);
  }

  detach(connection: NodeConnection): void {
    this.#connections.delete(connection);
  }
}
