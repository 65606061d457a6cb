import { type AttemptEvent, type Clock, type NodeState, statusName } from '@micromesh/core';
import type { EffectLine } from '../scenario/effects.js';
import type { ReportedEvent } from './event-report.js';
import { ExecutionCounter } from './execution-counter.js';
import { RateHistory } from './rate-history.js';

const FAILOVERS_KEPT = 5;
const FAILED_ATTEMPTS_KEPT = 200;

/** What a process is doing, as the demo that started it knows. */
export type ProcessState = 'starting' | 'running' | 'frozen' | 'stopping' | 'killed' | 'ended';

/** One hello node as it is shown. */
export interface NodeView {
  /** 1, 2, 3 ...: the key that selects it. */
  readonly slot: number;
  readonly id: string;
  readonly address: string;
  readonly pid: number;
  readonly process: ProcessState;
  /** What it is to the process that calls it; undefined: not seen yet. */
  readonly seen: NodeState | undefined;
  /** Why it is that, in words. */
  readonly cause: string;
  /** Calls that it answered with OK. */
  readonly answered: number;
}

/** A call that went to another node. */
export interface Failover {
  /** ms since 1970. */
  readonly at: number;
  readonly text: string;
}

/** All that the demo shows. */
export interface DemoView {
  readonly nodes: readonly NodeView[];
  /** Calls of the demo itself that have ended. */
  readonly calls: number;
  /** Calls of the demo itself that have not. */
  readonly inFlight: number;
  readonly failed: number;
  /** Calls to hello that took more than one try, also those that others began: events have no ids of calls. */
  readonly retried: number;
  /** Effects that hello nodes recorded of `calls`. */
  readonly executions: number;
  /** Calls of the demo itself with more than one effect. */
  readonly executedTwice: number;
  /** Effects of calls that others made: curl. */
  readonly executionsOfOthers: number;
  /** Of the last whole second. */
  readonly perSecond: number;
  /** Calls of each of the last seconds, and how many of them failed. */
  readonly history: readonly { readonly calls: number; readonly failed: number }[];
  /** The last five, the newest first. */
  readonly failovers: readonly Failover[];
}

interface SeenNode {
  state: NodeState | undefined;
  cause: string;
  answered: number;
}

/** What the demo knows of a node that it started. */
export type StartedNode = Pick<NodeView, 'id' | 'address' | 'pid' | 'process'>;

/** Puts together what the demo shows, from its own calls, the events of the user service, and the effects of the hello nodes. */
export class DemoModel {
  readonly #clock: Clock;
  readonly #slots = new Map<number, StartedNode>();
  readonly #seen = new Map<string, SeenNode>();
  readonly #executions = new ExecutionCounter();
  readonly #history: RateHistory;
  readonly #failedAttempts: AttemptEvent[] = [];
  #failovers: Failover[] = [];
  #calls = 0;
  #failed = 0;
  #retried = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#history = new RateHistory(clock);
  }

  node(slot: number, node: StartedNode): void {
    this.#slots.set(slot, node);
  }

  /** The demo itself calls the user service. */
  callStarted(id: string): void {
    this.#executions.started(id);
  }

  /** A call of the demo itself has ended. */
  callEnded(id: string, ok: boolean): void {
    this.#executions.ended(id);
    this.#calls++;
    if (!ok) this.#failed++;
    this.#history.add(ok);
  }

  effect(line: EffectLine): void {
    if (line.event === 'effect') this.#executions.executed(line.call);
  }

  /** Something that the mesh of the user service saw of hello. */
  reported(reported: ReportedEvent): void {
    if (reported.event.service.name !== 'hello') return;
    switch (reported.kind) {
      case 'call':
        if (reported.event.attempts > 1) this.#retried++;
        break;
      case 'node':
        Object.assign(this.#seenNode(reported.event.nodeId), {
          state: reported.event.state,
          cause: reported.event.cause,
        });
        break;
      case 'attempt':
        this.#attempt(reported.event);
        break;
    }
  }

  view(): DemoView {
    const nodes = [...this.#slots].map(([slot, node]) => {
      const seen = this.#seen.get(node.id);
      return {
        slot,
        ...node,
        seen: seen?.state,
        cause: seen?.cause ?? '',
        answered: seen?.answered ?? 0,
      };
    });
    return {
      nodes: nodes.sort((a, b) => a.slot - b.slot),
      calls: this.#calls,
      inFlight: this.#executions.inFlight,
      failed: this.#failed,
      retried: this.#retried,
      executions: this.#executions.total,
      executedTwice: this.#executions.twice,
      executionsOfOthers: this.#executions.ofOthers,
      perSecond: this.#history.lastSecond,
      history: this.#history.seconds(),
      failovers: this.#failovers,
    };
  }

  #attempt(event: AttemptEvent): void {
    if (event.code === 0) this.#seenNode(event.nodeId).answered++;
    else if (event.reason !== 'superseded' && event.reason !== 'cancelled') {
      this.#failedAttempts.push(event);
      if (this.#failedAttempts.length > FAILED_ATTEMPTS_KEPT) this.#failedAttempts.shift();
    }
    if (event.attempt > 1) this.#failover(event);
  }

  // Events do not say which attempts are of one call: the oldest failed attempt of the number before is taken for it.
  #failover(event: AttemptEvent): void {
    const index = this.#failedAttempts.findIndex(({ attempt }) => attempt === event.attempt - 1);
    const [before] = index < 0 ? [] : this.#failedAttempts.splice(index, 1);
    if (before === undefined) return;
    const why = before.reason === 'none' ? statusName(before.code) : before.reason;
    const then = event.code === 0 ? `answered in ${Math.round(event.durationMs)} ms` : statusName(event.code);
    const failover: Failover = {
      at: this.#clock.wallNow(),
      text: `${before.nodeId} ${why} after ${Math.round(before.durationMs)} ms → ${event.nodeId} ${then}`,
    };
    this.#failovers = [failover, ...this.#failovers].slice(0, FAILOVERS_KEPT);
  }

  #seenNode(id: string): SeenNode {
    const seen = this.#seen.get(id) ?? { state: undefined, cause: '', answered: 0 };
    this.#seen.set(id, seen);
    return seen;
  }
}
