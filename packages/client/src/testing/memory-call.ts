import { Metadata, status } from '@grpc/grpc-js';
import type { Clock, Outcome, Timer } from '@micromesh/core';
import { localOutcome } from '../chain/local-outcome.js';
import type { Rostered } from '../roster.js';
import type { WireCall, WireListener, WireRequest } from '../transport/transport.js';
import type { CallReceiver, IncomingCall, ScriptedReply } from './node-script.js';
import type { ScriptedNode } from './scripted-node.js';

/** The connection that a call runs on. */
export interface CallSite {
  readonly node: ScriptedNode;
  readonly clock: Clock;
  /** Takes the request in place of the node, if it is for the mesh itself. */
  receiverFor(call: IncomingCall): CallReceiver;
  /** The connection breaks, all its calls with it. */
  drop(): void;
  /** The client hears no more of the call. */
  ended(call: MemoryCall): void;
}

/** What comes back to the client, in its order. */
type Arrival =
  | { readonly kind: 'headers'; readonly metadata: Metadata }
  | { readonly kind: 'message'; readonly message: Buffer }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** How many messages may be under way, each way, before the sender has to wait: as many as Node's object streams hold. */
const WINDOW = 16;

/** A call on a connection in memory, seen from both ends. */
export class MemoryCall implements WireCall, IncomingCall, Rostered {
  place = -1;
  readonly nodeId: string;
  readonly path: string;
  readonly metadata: Metadata;
  readonly host: string | undefined;
  readonly at: number;
  readonly messages: Buffer[] = [];
  cancelled = false;
  halfClosed = false;
  #receiver: CallReceiver | undefined;
  /** Request messages that the node has taken. */
  #taken = 0;
  #written: (() => void) | undefined;
  /** Messages that the client has asked for and not got. */
  #reads = 0;
  /** Messages that the node has sent and the client has not got. */
  #unread = 0;
  #blocked = false;
  #headersSent = false;
  #statusSent = false;
  #arrived: Arrival[] = [];
  #delivering = false;
  #over = false;
  #timer: Timer | undefined;

  constructor(
    private readonly site: CallSite,
    request: WireRequest,
    private readonly listener: WireListener,
  ) {
    this.nodeId = site.node.id;
    this.path = request.path;
    this.metadata = request.metadata;
    this.host = request.host;
    this.at = site.clock.now();
    this.#later(() => {
      if (this.#over) return;
      this.#receiver = this.site.receiverFor(this);
      if (this.messages.length > 0 || this.halfClosed) this.#receiver.onRequests();
    });
  }

  send(message: Buffer, _flags: number, written: (() => void) | undefined): void {
    this.messages.push(message);
    this.#written = written;
    if (this.messages.length - this.#taken < WINDOW) this.#tellWritten();
    this.#later(() => this.#tellRequests());
  }

  halfClose(): void {
    this.halfClosed = true;
    this.#later(() => this.#tellRequests());
  }

  read(): void {
    this.#reads++;
    this.#deliver();
  }

  cancel(): void {
    if (this.#over) return;
    this.cancelled = true;
    this.#end();
    this.#later(() => this.#receiver?.onGone());
  }

  peer(): string {
    return `memory:${this.nodeId}`;
  }

  /** The connection broke. */
  cut(outcome: Outcome): void {
    if (this.#over) return;
    this.#arrived = [];
    this.#arrive({ kind: 'end', outcome });
    this.#receiver?.onGone();
  }

  take(): Buffer | undefined {
    const message = this.messages[this.#taken];
    if (message === undefined) return undefined;
    this.#taken++;
    this.#tellWritten();
    return message;
  }

  reply(reply: ScriptedReply): void {
    const afterMs = 'afterMs' in reply ? (reply.afterMs ?? 0) : 0;
    if (afterMs === 0) this.#carryOut(reply);
    else {
      const { node, clock } = this.site;
      this.#timer = clock.setTimer(afterMs, () => node.run(() => this.#carryOut(reply)));
    }
  }

  sendHeaders(metadata: Metadata): void {
    if (this.#headersSent || this.#statusSent) return;
    this.#headersSent = true;
    this.#later(() => this.#arrive({ kind: 'headers', metadata }));
  }

  sendMessage(message: Buffer): boolean {
    if (this.#statusSent || this.#over) return true;
    this.sendHeaders(new Metadata());
    this.#unread++;
    this.#later(() => this.#arrive({ kind: 'message', message }));
    this.#blocked = this.#unread >= WINDOW;
    return !this.#blocked;
  }

  sendStatus(code: number, details: string, trailers: Metadata): void {
    if (this.#statusSent) return;
    if (code === status.OK) this.sendHeaders(new Metadata());
    this.#statusSent = true;
    this.#later(() => this.#arrive({ kind: 'end', outcome: answered(code, details, trailers) }));
  }

  /** Neither end runs code of the other's within its own, nor in its async context. */
  #later(work: () => void): void {
    queueMicrotask(() => this.site.node.run(work));
  }

  #tellRequests(): void {
    if (!this.#over) this.#receiver?.onRequests();
  }

  #tellWritten(): void {
    const written = this.#written;
    this.#written = undefined;
    if (written !== undefined) this.#later(written);
  }

  #carryOut(reply: ScriptedReply): void {
    if (this.#over) return;
    switch (reply.kind) {
      case 'answer':
        this.#arrive({ kind: 'headers', metadata: new Metadata() });
        for (const message of reply.messages) this.#arrive({ kind: 'message', message });
        this.#arrive({ kind: 'end', outcome: answered(status.OK, '') });
        return;
      case 'status':
        this.#arrive({
          kind: 'end',
          outcome: answered(reply.code, reply.details ?? 'scripted', reply.trailers),
        });
        return;
      case 'drop':
        this.site.drop();
        return;
      case 'refuse':
        this.#arrive({ kind: 'end', outcome: refused() });
        return;
      case 'silence':
        return;
    }
  }

  #arrive(arrival: Arrival): void {
    if (this.#over) return;
    this.#arrived.push(arrival);
    this.#deliver();
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (let next = this.#deliverable(); next !== undefined; next = this.#deliverable()) {
        this.#arrived.shift();
        this.#give(next);
      }
    } finally {
      this.#delivering = false;
    }
  }

  /** Messages wait until they are asked for, and what follows them waits as well. */
  #deliverable(): Arrival | undefined {
    const next = this.#arrived[0];
    return this.#over || (next?.kind === 'message' && this.#reads === 0) ? undefined : next;
  }

  #give(arrival: Arrival): void {
    switch (arrival.kind) {
      case 'headers':
        this.listener.onHeaders(arrival.metadata);
        return;
      case 'message':
        this.#reads--;
        this.#unread--;
        this.#tellDrained();
        this.listener.onMessage(arrival.message);
        return;
      case 'end':
        this.#end();
        this.listener.onEnd(arrival.outcome);
        return;
    }
  }

  #tellDrained(): void {
    if (!this.#blocked || this.#unread >= WINDOW) return;
    this.#blocked = false;
    this.#later(() => this.#receiver?.onDrained());
  }

  #end(): void {
    this.#over = true;
    this.#arrived = [];
    this.#timer?.cancel();
    this.site.ended(this);
  }
}

function answered(code: number, details: string, trailers = new Metadata()): Outcome {
  return { code, details, trailers, origin: 'remote', delivery: 'answered', reason: 'none' };
}

function refused(): Outcome {
  return localOutcome(status.UNAVAILABLE, 'refused', 'unsent', 'Stream refused by server');
}
