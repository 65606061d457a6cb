import type { OutlierRecord, OutlierSettings } from '@micromesh/selector';
import { OvertakenAttempts } from './overtaken-attempts.js';

/** What a tally asks of its node. */
export interface TalliedNode<Attempt> {
  readonly record: OutlierRecord;
  /** The records of all other nodes. */
  peers(): readonly OutlierRecord[];
  /** Whether it was connected a moment ago: what it took then says nothing. */
  isCold(now: number): boolean;
  /** What is under way on the node. */
  underWay(): Iterable<Attempt>;
  /** Asks the node whether it lives: an answer is {@link NodeTally.heard}. */
  inquire(): void;
  /** Something has been counted: ejects the node when it does worse than its peers. */
  judge(now: number): void;
}

/** Counts what the attempts on a node come to. */
export class NodeTally<Attempt> {
  /** Attempts that were under way at the last loss that counted: what they lose is the same loss. */
  #sharingLoss = new Set<Attempt>();
  readonly #overtaken = new OvertakenAttempts();

  constructor(
    private readonly node: TalliedNode<Attempt>,
    private readonly countedCodes: OutlierSettings['countedCodes'],
  ) {}

  /** Whether a status that the node's server answers counts against it. */
  countsCode(code: number): boolean {
    return this.countedCodes.length > 0 && this.countedCodes.includes(code);
  }

  /** An attempt that ended well. */
  success(now: number, latencyMs?: number): void {
    this.node.record.success(now, this.node.isCold(now) ? undefined : latencyMs);
    this.node.judge(now);
  }

  /** An attempt that ended as one on a node does that has too much to do. */
  strain(now: number): void {
    this.node.record.strain(now);
  }

  /** An attempt whose deadline came before an answer did. */
  noAnswer(now: number, waitedMs: number): void {
    this.#noteUnanswered(now, waitedMs);
    this.node.judge(now);
  }

  /** An attempt that was given up because one that began later was first: no failure, and a slow answer from when on the node is heard. */
  overtaken(now: number, waitedMs: number): void {
    if (!this.node.isCold(now)) this.#overtaken.add(now, waitedMs);
    if (this.#overtaken.count(now)) this.node.inquire();
  }

  /** Something came from the node. */
  heard(now: number): void {
    const waits = this.#overtaken.take(now);
    if (waits.length === 0) return;
    for (const waitedMs of waits) this.#noteUnanswered(now, waitedMs);
    this.node.judge(now);
  }

  #noteUnanswered(now: number, waitedMs: number): void {
    if (!this.node.isCold(now)) this.node.record.noAnswer(now, waitedMs, () => this.node.peers());
  }

  failure(now: number): void {
    this.node.record.failure(now);
    this.node.judge(now);
  }

  /**
   * An attempt that was lost with the connection, or to the node's silence. However many were under way, it was one loss: the mark
   * *down* stands for it, and is to end when the node is connected again.
   */
  loss(now: number, attempt: Attempt): void {
    if (this.#sharingLoss.delete(attempt)) return;
    this.#sharingLoss = new Set(this.node.underWay());
    this.failure(now);
  }

  /** An attempt is no longer under way: none comes of it any more. */
  forget(attempt: Attempt): void {
    this.#sharingLoss.delete(attempt);
  }
}
