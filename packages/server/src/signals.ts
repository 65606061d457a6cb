import { constants } from 'node:os';
import type { Clock } from '@micromesh/core';

/** A server that ends on signals. */
export interface SignalTarget {
  readonly signals: readonly NodeJS.Signals[];
  readonly clock: Clock;
  /** Begins the ordered drain. */
  drain(signal: NodeJS.Signals): void;
  /** Says what is given up: the process exits at once. */
  abandon(signal: NodeJS.Signals): void;
}

/** A terminal's Ctrl-C, its process group and a wrapper that passes it on may each deliver the same one. */
const REPEAT_MS = 500;

// One listener a signal and process, however many servers it runs: Node warns of a leak at the eleventh.
const targets = new Map<NodeJS.Signals, Set<SignalTarget>>();
const firstAt = new WeakMap<SignalTarget, number>();

/** Drains the target on the first of its signals, and exits at once on the second; gives the function that ends this. */
export function drainOnSignals(target: SignalTarget): () => void {
  for (const signal of target.signals) {
    const listening = targets.get(signal);
    if (listening !== undefined) {
      listening.add(target);
      continue;
    }
    targets.set(signal, new Set([target]));
    process.on(signal, onSignal);
  }
  return () => {
    for (const signal of target.signals) {
      const listening = targets.get(signal);
      if (listening?.delete(target) !== true || listening.size > 0) continue;
      targets.delete(signal);
      process.off(signal, onSignal);
    }
  };
}

function onSignal(signal: NodeJS.Signals): void {
  let exits = false;
  for (const target of [...(targets.get(signal) ?? [])]) {
    const now = target.clock.now();
    const first = firstAt.get(target);
    if (first === undefined) {
      firstAt.set(target, now);
      target.drain(signal);
    } else if (now - first >= REPEAT_MS) {
      exits = true;
      target.abandon(signal);
    }
  }
  if (exits) process.exit(128 + constants.signals[signal]);
}
