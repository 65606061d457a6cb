import type { Clock } from '@micromesh/core';

/** Why a program has to end. */
export type StopCause = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'parent';

/** What {@link watchForStop} sees of a process; Node's `process` fits. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

/** How {@link watchForStop} watches. */
export interface StopSignalOptions {
  readonly source: SignalSource;
  readonly clock: Clock;
  /** Tells whether a parent that must not be outlived has gone; undefined: there is none. */
  readonly parentGone: (() => boolean) | undefined;
  /** Called once, with the first cause. */
  readonly onStop: (cause: StopCause) => void;
  /** Called for each signal that comes at least 500 ms after the one before: somebody is impatient. */
  readonly onForce: () => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const REPEAT_MS = 500;
const PARENT_POLL_MS = 200;

/** A watch for what ends a program. */
export interface StopSignals {
  /** Takes another cause as if it had come from outside: a key. */
  stop(cause: StopCause): void;
  /** Ends the watch. */
  close(): void;
}

/**
 * Watches for signals and for the end of a parent.
 *
 * A signal to a process group arrives twice when npm passes its own on as well: repeats within 500 ms are one.
 */
export function watchForStop({ source, clock, parentGone, onStop, onForce }: StopSignalOptions): StopSignals {
  let lastAt: number | undefined;
  const stop = (cause: StopCause) => {
    const at = clock.now();
    const first = lastAt === undefined;
    const repeat = lastAt !== undefined && at - lastAt < REPEAT_MS;
    lastAt = at;
    if (first) onStop(cause);
    else if (!repeat) onForce();
  };

  const listeners = SIGNALS.map((signal) => ({ signal, listener: () => stop(signal) }));
  for (const { signal, listener } of listeners) source.on(signal, listener);

  const poll = () => {
    if (parentGone?.() === true) stop('parent');
    else timer = clock.setTimer(PARENT_POLL_MS, poll, false);
  };
  let timer = parentGone === undefined ? undefined : clock.setTimer(PARENT_POLL_MS, poll, false);

  return {
    stop,
    close: () => {
      timer?.cancel();
      for (const { signal, listener } of listeners) source.off(signal, listener);
    },
  };
}
