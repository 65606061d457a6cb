import { type AttemptEvent, events, messageOf } from '@micromesh/core';
import type { HelloNode } from './hello-node.js';
import { until } from './until.js';

/** One call of a load, from its start to its end. */
export interface LoadCall {
  readonly name: string;
  /** When it began, in milliseconds after the load did. */
  readonly atMs: number;
  durationMs: number;
  error: string | undefined;
}

/** What a load came to. */
export interface LoadResult {
  readonly calls: readonly LoadCall[];
  /** Messages of those that failed. */
  readonly failures: readonly string[];
  readonly attempts: readonly AttemptEvent[];
}

/** Something that happens while a load runs. */
export interface Happening {
  readonly atMs: number;
  readonly what: () => void;
}

/** A load: so many calls at an even rate, whatever becomes of them. */
export interface LoadOptions {
  readonly calls: number;
  readonly perSecond: number;
  readonly happenings?: readonly Happening[];
}

/** Makes calls at an even rate, each with a name of its own, and waits for all of them. */
export async function spread(
  { calls, perSecond, happenings = [] }: LoadOptions,
  call: (name: string) => Promise<unknown>,
): Promise<LoadResult> {
  const done: LoadCall[] = [];
  const attempts: AttemptEvent[] = [];
  const unsubscribe = events.attempt.subscribe((event) => attempts.push(event));
  const waiting = [...happenings].sort((a, b) => a.atMs - b.atMs);
  const startedAt = performance.now();
  const running: Promise<void>[] = [];
  const tick = () => {
    const elapsedMs = performance.now() - startedAt;
    while ((waiting[0]?.atMs ?? Number.POSITIVE_INFINITY) <= elapsedMs) waiting.shift()?.what();
    const due = Math.min(calls, Math.floor((elapsedMs * perSecond) / 1000) + 1);
    while (running.length < due) running.push(one(`call ${running.length}`, startedAt, call, done));
  };
  const ticker = setInterval(tick, 1);
  try {
    const lengthMs = (calls / perSecond) * 1000 + 30_000;
    await until(() => running.length === calls && waiting.length === 0, 'the load', lengthMs);
    await Promise.all(running);
  } finally {
    clearInterval(ticker);
    unsubscribe();
  }
  const failures = done.flatMap(({ name, error }) => (error === undefined ? [] : [`${name}: ${error}`]));
  return { calls: done, failures, attempts };
}

async function one(
  name: string,
  startedAt: number,
  call: (name: string) => Promise<unknown>,
  done: LoadCall[],
): Promise<void> {
  const began = performance.now();
  const record: LoadCall = { name, atMs: began - startedAt, durationMs: 0, error: undefined };
  try {
    await call(name);
  } catch (error) {
    record.error = messageOf(error);
  }
  record.durationMs = performance.now() - began;
  done.push(record);
}

/**
 * Names whose work was done more than once. Work that a node had done but not answered when it died or stood still is left out:
 * no client can know of it.
 */
export function executedTwice(nodes: readonly HelloNode[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const node of nodes) {
    for (const name of node.effects) {
      if (node.isUncertain(name)) continue;
      if (seen.has(name)) twice.add(name);
      seen.add(name);
    }
  }
  return [...twice];
}

/** The share `ratio` of the durations is at most this; 0 for none. */
export function percentile(calls: readonly LoadCall[], ratio: number): number {
  const sorted = calls.map((call) => call.durationMs).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * ratio))] ?? 0;
}
