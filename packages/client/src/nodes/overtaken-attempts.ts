import { Pace } from '@micromesh/selector';

/** As many and not a word from the node: it is asked. */
const ASK_AFTER = 3;

/** A node that answers and is overtaken all the same is asked no more often: while it is, calls avoid it. */
const ASK_EVERY_MS = 200;

/** More than it takes to find a node slow; and who is not heard of for longer is not slow, but silent. */
const MAX_KEPT = 32;
const MAX_AGE_MS = 1000;

interface Overtaken {
  readonly at: number;
  readonly waitedMs: number;
}

/**
 * The attempts on one node that were given up because one that began later, on another node, was first; since the node was last heard. They
 * say that it is slow only when it is heard again: one that stands still for a moment is overtaken many times, and all that comes of it
 * counts at once, as its answers do.
 */
export class OvertakenAttempts {
  #kept: Overtaken[] = [];
  #count = 0;
  readonly #asking = new Pace(ASK_EVERY_MS);

  /** Takes note of one that says how slow the node is. */
  add(now: number, waitedMs: number): void {
    while (now - (this.#kept[0]?.at ?? now) > MAX_AGE_MS) this.#kept.shift();
    if (this.#kept.length < MAX_KEPT) this.#kept.push({ at: now, waitedMs });
  }

  /** Counts one, and says whether the node is to be asked: where all its calls are hedged nobody else would hear it, or that it is silent. */
  count(now: number): boolean {
    this.#count++;
    return this.#count >= ASK_AFTER && this.#asking.isTime(now);
  }

  /** The node was heard: how long those of the last moment had waited. */
  take(now: number): readonly number[] {
    if (this.#count === 0) return NONE;
    const latest = this.#kept.filter(({ at }) => now - at <= MAX_AGE_MS);
    this.#kept = [];
    this.#count = 0;
    return latest.map(({ waitedMs }) => waitedMs);
  }
}

const NONE: readonly number[] = [];
