import { type CallCredentials, Metadata } from '@grpc/grpc-js';
import {
  type Delivery,
  events,
  type Method,
  type Outcome,
  type Reason,
  type ServiceKey,
  type Timer,
} from '@micromesh/core';
import { supersededOutcome } from '../chain/local-outcome.js';
import type { WatchedCall } from '../dry-run/watched-call.js';
import type { RetryConcurrency } from '../limits/retry-concurrency.js';
import type { NodeHandle } from '../nodes/node-handle.js';
import type { Service } from '../nodes/service.js';
import type { AttemptRecord } from './attempt-record.js';
import type { CallOptions } from './call-options.js';
import type { CallPlan } from './call-plan.js';
import { CallSleep } from './call-sleep.js';
import type { ReplayBuffer, RequestMessage } from './replay-buffer.js';
import type { RunningAttempt } from './running-attempt.js';
import { NONE, withOne, without } from './short-list.js';

/** Hears what the winning attempt brings. The end is what the chain's promise says. */
export interface ResponseListener {
  onHeaders(metadata: Metadata): void;
  onMessage(message: Buffer): void;
}

/** A call at the top of the chain: nothing about it is decided yet. */
export interface Call {
  readonly service: ServiceKey;
  readonly method: Method;
  /** Goes to every attempt; call interceptors may add to it. */
  readonly metadata: Metadata;
  readonly options: CallOptions;
  /** On the mesh's monotonic clock. */
  readonly startedAt: number;
  /** Attempts that were started. */
  readonly attempts: number;
  /**
   * Fixes what is decided about the call; what follows does not ask again.
   *
   * @param to - where a rule sends it; default: the service that it was made for.
   */
  planned(plan: CallPlan, deadline: number, to?: Service): PlannedCall;
}

/** A call with its plan. */
export type PlannedCall = ClientCall;

/** Hears of a call's attempts, where somebody asked for its trace. */
export interface CallNotes {
  /** An attempt has its node, and is not under way on it yet. */
  began(call: ClientCall, attempt: number, handle: NodeHandle): void;
  ended(call: ClientCall, attempt: number, outcome: Outcome): void;
}

/**
 * One call: its requests, its attempts, and which of them won. What goes on between the layers of the chain is here,
 * so that no layer holds state of its own.
 */
export class ClientCall implements Call {
  /** That it was made for, wherever a rule sends it. */
  readonly service: ServiceKey;
  /** On the mesh's monotonic clock; Infinity: none. */
  deadline = Number.POSITIVE_INFINITY;
  /** On the wire; a rule may make another of that of the method. */
  path: string;
  host: string | undefined;
  credentials: CallCredentials | undefined;
  /** Of all attempts. */
  idempotencyKey: string | undefined;
  /** Places the call on a node: what code says, else an operator's rule. */
  hashKey: string | undefined;
  /** Attempts that were started. */
  attempts = 0;
  /** Among the calls that are under way. */
  place = -1;
  /** Nodes that the call has been to, and does not go back to while another is left. */
  tried: readonly string[] = NONE;
  /** Attempts may run beside each other. */
  raced = false;
  /** When a node of the call was lost with a request on it, on the mesh's clock. */
  lostAt: number | undefined;
  /** Attempts that were provably unsent and went elsewhere outside `retries`. */
  unsentMoves = 0;
  /** Retries that the budget was asked for. */
  paidRetries = 0;
  /** An extra attempt was taken out of the budget for the call, and has not begun. */
  extraTaken = false;
  /** What extra attempts of a race ended with that were not sent. */
  unsentExtras: readonly Outcome[] = NONE;
  /** What the call has entered to retry, until its end. */
  retriesUnder: RetryConcurrency | undefined;
  /** What the call waits for before an attempt, in words, for the deadline's message. */
  waitsFor: { readonly what: string; readonly reason: Reason } | undefined;
  /** Ends the call at its deadline. */
  deadlineTimer: Timer | undefined;
  /** Takes the call off the signals that can end it. */
  offSignals: (() => void) | undefined;
  /** Changes the response headers that the caller gets. */
  editHeaders: ((headers: Metadata) => void) | undefined;
  /** The caller has got response headers. */
  headersGiven = false;
  /** Called when the last message of the request is there. */
  whenRequestEnds: (() => void) | undefined;
  /** What is looked at for resources in dry-run; undefined: nothing. */
  watched: WatchedCall | undefined;
  /** Response headers of an attempt that failed, for the call's end when none wins. */
  failedHeaders: Metadata | undefined;
  /** Notes what happens, where somebody asked for that. */
  notes: CallNotes | undefined;
  /** Of attempts that failed. */
  records: readonly AttemptRecord[] = NONE;
  #running: readonly RunningAttempt[] = NONE;
  #to: Service;
  #metadata: Metadata | undefined;
  #plan: CallPlan | undefined;
  #winner: RunningAttempt | undefined;
  #stopped: Outcome | undefined;
  #sleep: CallSleep | undefined;
  #answered = false;
  #readsWanted = 0;
  #overflowed = false;

  constructor(
    to: Service,
    readonly method: Method,
    private readonly given: Metadata | undefined,
    readonly options: CallOptions,
    readonly requests: ReplayBuffer,
    readonly listener: ResponseListener,
    readonly startedAt: number,
  ) {
    this.service = to.key;
    this.path = method.path;
    this.#to = to;
  }

  /** Where its attempts go. */
  get to(): Service {
    return this.#to;
  }

  get metadata(): Metadata {
    // A copy: who calls may use the same for other calls.
    this.#metadata ??= this.given?.clone() ?? new Metadata();
    return this.#metadata;
  }

  /** A copy for one attempt. */
  copyMetadata(): Metadata {
    return (this.#metadata ?? this.given)?.clone() ?? new Metadata();
  }

  get plan(): CallPlan {
    if (this.#plan === undefined) throw new Error('a call was used before it was planned');
    return this.#plan;
  }

  /** Undefined: it has none yet, or was refused before. */
  get planIfAny(): CallPlan | undefined {
    return this.#plan;
  }

  /** Fixes what is decided about the call. */
  planned(plan: CallPlan, deadline: number, to = this.#to): PlannedCall {
    this.#to = to;
    this.#plan = plan;
    this.deadline = deadline;
    this.hashKey = plan.hashKey ?? plan.keyOf?.(this);
    return this;
  }

  /** What ended the call from outside: its deadline or a cancellation. */
  get stopped(): Outcome | undefined {
    return this.#stopped;
  }

  /** The attempt whose response the caller gets. */
  get winner(): RunningAttempt | undefined {
    return this.#winner;
  }

  /** The request went beyond the replay buffer. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Ends the call now: every attempt, on the wire too, and every sleep. The first word counts. */
  stop(outcome: Outcome): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = outcome;
    for (const attempt of this.#running) attempt.cut(outcome);
    this.#sleep?.wakeAll();
  }

  /** Why no attempt may begin any more: the call was stopped, or an attempt has its answer. */
  get over(): Outcome | undefined {
    if (this.#stopped !== undefined) return this.#stopped;
    return this.#answered ? supersededOutcome('unsent') : undefined;
  }

  /**
   * Sleeps until `wake` is called or the call is stopped; `arm` starts what will wake it and gives what ends that.
   *
   * @param untilAnswered - an attempt that has the call's answer wakes it, too.
   */
  sleep(arm: (wake: () => void) => () => void, untilAnswered = false): Promise<void> {
    if (this.#stopped !== undefined || (untilAnswered && this.#answered)) return Promise.resolve();
    this.#sleep ??= new CallSleep();
    return this.#sleep.sleep(arm, untilAnswered);
  }

  #tellAnswered(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#sleep?.wakeAtAnswer();
  }

  /** An attempt has begun. */
  begin(attempt: RunningAttempt): void {
    this.#running = withOne(this.#running, attempt);
    this.tried = withOne(this.tried, attempt.nodeId);
    this.extraTaken = false;
    if (this.#overflowed) this.claim(attempt);
  }

  /** Nodes that it has been to are as good as any other from now on. */
  forgetTried(): void {
    this.tried = NONE;
  }

  /** The same of those that have refused it as late, and have done no more with it: they have not had it. */
  forgetLate(): void {
    if (!this.records.some(({ reason }) => reason === 'late')) return;
    const hadIt = new Set(this.#running.map(({ nodeId }) => nodeId));
    for (const { node, reason } of this.records) if (reason !== 'late') hadIt.add(node);
    this.tried = this.tried.filter((id) => hadIt.has(id));
  }

  /** What is wrong with the nodes of the attempts that are under way, in words; empty: nothing that is known. */
  get nodeTroubles(): string {
    return this.#running
      .map(({ nodeTrouble }) => nodeTrouble)
      .filter((trouble) => trouble !== undefined)
      .join('; ');
  }

  /** Attempts that are under way. */
  get running(): number {
    return this.#running.length;
  }

  /** An attempt has failed. */
  note(record: AttemptRecord): void {
    this.records = withOne(this.records, record);
  }

  /** What is known of the request as a whole, where the call itself ends: unsent if each of its attempts was. */
  get delivery(): Delivery {
    const unsent = this.#running.length === 0 && this.records.every(({ delivery }) => delivery === 'unsent');
    return unsent ? 'unsent' : 'unknown';
  }

  /** An attempt has ended. */
  finish(attempt: RunningAttempt): void {
    this.#running = without(this.#running, attempt);
  }

  /**
   * An attempt has the first word of a response, so that the call is its own from now on and nothing is retried.
   *
   * @returns false when another attempt was first.
   */
  claim(attempt: RunningAttempt): boolean {
    if (this.#winner !== undefined) return this.#winner === attempt;
    this.#winner = attempt;
    this.#tellAnswered();
    this.requests.release(attempt.position);
    if (this.#running.length > 1) {
      for (const other of this.#running) if (other !== attempt) other.supersede();
    }
    return true;
  }

  /** The call has its answer: whatever still runs for it ends. */
  supersedeAll(): void {
    this.#tellAnswered();
    for (const attempt of this.#running) attempt.supersede();
  }

  /** The caller gets the response headers. */
  giveHeaders(headers: Metadata): void {
    this.headersGiven = true;
    this.editHeaders?.(headers);
    this.listener.onHeaders(headers);
  }

  /** The caller asks for one message. */
  requestRead(): void {
    if (this.#winner !== undefined) {
      this.#winner.read();
      return;
    }
    this.#readsWanted++;
    for (const attempt of this.#running) attempt.readFirst();
  }

  /** Messages that the caller asked for and that no attempt has brought. */
  get readsWanted(): number {
    return this.#readsWanted;
  }

  /** The winner brings the first message, and reads on for the others that were asked for. */
  takeReads(): number {
    const further = Math.max(0, this.#readsWanted - 1);
    this.#readsWanted = 0;
    return further;
  }

  /** The caller sends a message. */
  pushMessage(message: RequestMessage): void {
    if (!this.requests.push(message)) this.#overflow();
    for (const attempt of this.#running) attempt.pump();
  }

  /** The caller sends no further message. */
  endMessages(): void {
    this.requests.end();
    for (const attempt of this.#running) attempt.pump();
    this.whenRequestEnds?.();
  }

  /** Ends retries, never the call: the attempt that is furthest goes through. */
  #overflow(): void {
    if (!this.#overflowed && events.retryStop.heard) {
      events.retryStop.publish({ service: this.service, method: this.method.path, cause: 'replayOverflow' });
    }
    this.#overflowed = true;
    let furthest = this.#running[0];
    for (const attempt of this.#running) {
      if (attempt.position > (furthest?.position ?? 0)) furthest = attempt;
    }
    if (furthest !== undefined) this.claim(furthest);
  }
}
