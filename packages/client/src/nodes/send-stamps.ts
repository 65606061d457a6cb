import { randomBytes } from 'node:crypto';
import { CAME_LATE, type Outcome } from '@micromesh/core';

/** The times at which one client's attempts leave for one node. */
export class SendStamps {
  // Nothing is decided by it: it only has to be nobody else's.
  #series = newSeries();

  /** What an attempt says that leaves now. */
  at(now: number): string {
    return `${this.#series} ${Math.floor(now)}`;
  }

  /**
   * Whether the node has not begun a call because it came late. Its clock or ours may have jumped: what leaves from now on is measured
   * anew, so that nothing is late twice for one reason.
   */
  renewedBy(outcome: Outcome, stamp: string): boolean {
    const [said] = outcome.trailers.get(CAME_LATE);
    // Somebody else's word, that a handler has passed on, is none about this attempt.
    if (said === undefined || said !== seriesOf(stamp)) return false;
    if (said === this.#series) this.#series = newSeries();
    return true;
  }
}

function newSeries(): string {
  return randomBytes(6).toString('base64url');
}

function seriesOf(stamp: string): string {
  return stamp.slice(0, stamp.indexOf(' '));
}
