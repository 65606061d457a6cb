/** Something that was done to a node while it worked; times by the machine's monotonic clock. */
export interface Strike {
  readonly node: string;
  /** Until this time nothing had happened yet. */
  readonly fromMs: number;
  /** From this time on it was in force. */
  readonly untilMs: number;
  /**
   * `death`: what it was doing is lost. `stall`: it stood still and went on, and can ask then whether its work is still wanted.
   * `cut`: it went on working, and nobody heard its answers.
   */
  readonly kind: 'death' | 'stall' | 'cut';
}
