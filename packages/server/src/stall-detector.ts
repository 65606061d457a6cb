import type { Clock, Timer } from '@micromesh/core';

/** How often the event loop shows that it runs. */
const BEAT_MS = 100;
/** A beat that is later than this says that the process, or its event loop, stood still. */
const LATE_MS = 100;
/** For how long after a stall calls may still come out of the sockets that were abandoned meanwhile. */
const SETTLE_MS = 1000;

/**
 * Notices that the process was frozen (SIGSTOP, a paused virtual machine) or its event loop was blocked, for more than
 * 200 ms.
 *
 * Every question compares the clock with the last beat itself: after SIGCONT the timer of a handler may fire, and
 * sockets may be read, before the detector's own timer has had its turn.
 */
export class StallDetector {
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #beatAt = 0;
  #wallBeatAt = 0;
  #stalls = 0;
  #stalledUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins to beat; the timer does not keep the process running. */
  start(): void {
    this.#beatNow();
    this.#arm();
  }

  /** Ends the beat: no timer is left. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** How many stalls were noticed until now. */
  get stalls(): number {
    this.#look();
    return this.#stalls;
  }

  /** Whether there was a stall within the last second. */
  get unsettled(): boolean {
    return this.#look() - this.#stalledUntil < SETTLE_MS;
  }

  #look(): number {
    const now = this.#clock.now();
    // A monotonic clock stands while a machine is suspended; the wall clock does not.
    const silence = Math.max(now - this.#beatAt, this.#clock.wallNow() - this.#wallBeatAt);
    if (silence > BEAT_MS + LATE_MS) {
      this.#stalls++;
      this.#stalledUntil = now;
      this.#beatNow();
    }
    return now;
  }

  #beatNow(): void {
    this.#beatAt = this.#clock.now();
    this.#wallBeatAt = this.#clock.wallNow();
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(
      BEAT_MS,
      () => {
        this.#look();
        this.#beatNow();
        this.#arm();
      },
      false,
    );
  }
}

interface Shared {
  readonly detector: StallDetector;
  users: number;
}

const shared = new WeakMap<Clock, Shared>();

/** The detector of a clock, shared by all servers that use it; it beats until each of them has let go. */
export function acquireStallDetector(clock: Clock): { detector: StallDetector; release: () => void } {
  let entry = shared.get(clock);
  if (entry === undefined) {
    entry = { detector: new StallDetector(clock), users: 0 };
    shared.set(clock, entry);
  }
  const held = entry;
  if (held.users++ === 0) held.detector.start();
  let released = false;
  return {
    detector: held.detector,
    release: () => {
      if (released) return;
      released = true;
      if (--held.users === 0) held.detector.stop();
    },
  };
}

/**
 * Lets every socket be read once. Two immediates, because one is not enough in every phase: the poll phase that the first
 * one ends may have asked the kernel before the freeze; between the two lies a whole one.
 */
export function pollSockets(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}
