import { events, type Outcome } from '@micromesh/core';
import type { OutlierRule } from '@micromesh/policy';
import { type NodeFilter, OutlierDetection } from '@micromesh/selector';
import { countOutcome } from '../nodes/count-outcome.js';
import type { NodeHandle } from '../nodes/node-handle.js';
import type { ServiceNodes } from '../nodes/service-nodes.js';
import { ejectionRule } from '../routing/destination-limits.js';
import type { WatchedAttempt } from './watched-call.js';

/** What was long ago is forgiven by then. */
const MAX_SWEEPS = 100;

/** The ejections of one destination by a rule in dry-run: counted as if they were in force, and told. Calls go on to all nodes. */
export class WouldEject {
  readonly #resource: string;
  readonly #intervalMs: number;
  readonly #detection: OutlierDetection<NodeHandle>;
  #sweepAt: number;
  #call: WatchedAttempt['call'] | undefined;

  constructor(rule: OutlierRule, nodes: ServiceNodes, filter: NodeFilter) {
    this.#resource = rule.origin.resource;
    this.#intervalMs = rule.intervalMs.value;
    this.#sweepAt = nodes.clock.now() + this.#intervalMs;
    this.#detection = new OutlierDetection(ejectionRule(rule), {
      hosts: () => nodes.matching(filter),
      onEject: () => this.#tell(),
      onUneject: () => {},
    });
  }

  /** Takes note of what an attempt came to. */
  count(attempt: WatchedAttempt, outcome: Outcome, now: number): void {
    this.#call = attempt.call;
    // No timer of its own: nobody sees a node come back before the next attempt.
    if (this.#detection.needsSweep) this.#sweepUntil(now);
    countOutcome(this.#detection, attempt, outcome, now);
  }

  #sweepUntil(now: number): void {
    this.#sweepAt = Math.max(this.#sweepAt, now - MAX_SWEEPS * this.#intervalMs);
    for (; this.#sweepAt <= now; this.#sweepAt += this.#intervalMs) this.#detection.sweep(this.#sweepAt);
  }

  #tell(): void {
    if (!events.dryRun.heard || this.#call === undefined) return;
    const { service, method } = this.#call;
    events.dryRun.publish({ service, method: method.path, resource: this.#resource, effect: 'eject' });
  }
}
