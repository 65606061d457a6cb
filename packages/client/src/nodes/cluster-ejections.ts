import type { Clock, Outcome, Timer } from '@micromesh/core';
import {
  type EjectionField,
  OutlierDetection,
  type OutlierDetectionSettings,
  type Picker,
  type Standing,
  type Strategy,
} from '@micromesh/selector';
import { countOutcome, type EndedAttempt } from './count-outcome.js';
import type { NodeEjection, NodeHandle } from './node-handle.js';

/** What an operator's rule says of the ejections of one destination. */
export interface ClusterEjectionRule extends OutlierDetectionSettings {
  /** Below this share of healthy nodes ejections are not heeded; in [0, 1], 0: they always are. */
  readonly minHealthRatio: number;
}

/** Whose nodes they are. */
export interface ClusterEjectionsOwner {
  /** For messages: `hello`, `hello subset v1`. */
  readonly name: string;
  readonly clock: Clock;
  /** All nodes of the destination, as things stand now. */
  nodes(): readonly NodeHandle[];
  /** Whether the operator's rule still says so; asked before each sweep and each report. */
  isInForce(): boolean;
  /** A node is out or in again: pickers are stale. */
  onChange(): void;
  /** Nothing is to be kept of it. */
  onEnd(ejections: ClusterEjections): void;
}

/** What a row of each rule is of: one, and many. */
const ROWS: Readonly<Record<EjectionField, readonly [string, string]>> = {
  consecutive5xxErrors: ['1 error', 'errors in a row'],
  consecutiveGatewayErrors: ['1 gateway error', 'gateway errors in a row'],
  consecutiveLocalOriginFailures: ['1 attempt without an answer', 'attempts in a row without an answer'],
};

/**
 * The ejections of one destination by an operator's rule: in place of micromesh's own for its calls, and heeded by them alone. That a node is
 * down or taken out by hand is more than that.
 */
export class ClusterEjections {
  readonly rule: ClusterEjectionRule;
  /** Pickers of the present standings, by strategy and filter. */
  readonly pickers = new Map<Strategy, Map<string, Picker<NodeHandle>>>();
  /** Where a node stands for the calls of this destination. */
  readonly standingOf: (handle: NodeHandle) => Standing;
  readonly #owner: ClusterEjectionsOwner;
  readonly #detection: OutlierDetection<NodeHandle>;
  readonly #causes = new WeakMap<NodeHandle, string>();
  /** Sweeps are whole intervals away from it. */
  readonly #startedAt: number;
  #lastSweep = 0;
  #timer: Timer | undefined;
  #ended = false;

  constructor(rule: ClusterEjectionRule, owner: ClusterEjectionsOwner) {
    this.rule = rule;
    this.#owner = owner;
    this.#startedAt = owner.clock.now();
    this.#detection = new OutlierDetection(rule, {
      hosts: () => owner.nodes(),
      onEject: (handle, field, lengthMs) => this.#onEject(handle, field, lengthMs),
      onUneject: (handle) => {
        owner.onChange();
        handle.onClusterEjection();
      },
    });
    this.standingOf = (handle) => {
      const standing = handle.factualStanding;
      const isUsable = standing === 'healthy' || standing === 'suspect';
      return isUsable && this.#detection.isEjected(handle) ? 'ejected' : standing;
    };
  }

  /** No call is to heed it any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes note of what an attempt came to, unless it says nothing about anybody. */
  count(attempt: EndedAttempt, outcome: Outcome, now: number): void {
    if (!this.#ended) countOutcome(this.#detection, attempt, outcome, now);
  }

  /** Why a node is out of this destination, and until when; undefined: it is not. */
  ejectionOf(handle: NodeHandle): NodeEjection | undefined {
    const endsAt = this.#ended ? undefined : this.#detection.ejectedUntil(handle);
    if (endsAt === undefined || !this.#goesOn()) return undefined;
    return {
      cause: this.#causes.get(handle) ?? '',
      endsAt: this.#sweepAt(Math.ceil(this.#intervalsAt(endsAt))),
    };
  }

  #onEject(handle: NodeHandle, field: EjectionField, lengthMs: number): void {
    const { name } = this.#owner;
    const count = this.rule[field];
    const [one, many] = ROWS[field];
    const row = count === 1 ? one : `${count} ${many}`;
    this.#causes.set(handle, `ejected from ${name} for ${lengthMs} ms: ${row} (outlierDetection.${field})`);
    this.#awaitSweep();
    this.#owner.onChange();
    handle.onClusterEjection();
  }

  #awaitSweep(): void {
    if (this.#timer !== undefined) return;
    const { clock } = this.#owner;
    const number = Math.max(this.#lastSweep, Math.floor(this.#intervalsAt(clock.now()))) + 1;
    const at = this.#sweepAt(number);
    this.#timer = clock.setTimer(at - clock.now(), () => this.#sweep(number), false);
  }

  #intervalsAt(time: number): number {
    return (time - this.#startedAt) / this.rule.intervalMs;
  }

  #sweepAt(number: number): number {
    return this.#startedAt + number * this.rule.intervalMs;
  }

  #sweep(number: number): void {
    this.#timer = undefined;
    this.#lastSweep = number;
    if (!this.#goesOn()) return;
    // When it was due, whenever the timer came: a late one would make the next interval too short to count.
    this.#detection.sweep(this.#sweepAt(number));
    if (this.#detection.needsSweep) this.#awaitSweep();
  }

  #goesOn(): boolean {
    if (!this.#owner.isInForce()) this.end();
    return !this.#ended;
  }

  /** All nodes are in again; leaves no timer. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    const out = this.#owner.nodes().filter((handle) => this.#detection.isEjected(handle));
    this.#owner.onEnd(this);
    this.#owner.onChange();
    for (const handle of out) handle.onClusterEjection();
  }
}
