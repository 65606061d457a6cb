/** What happened in one second. */
export interface StormSecond {
  /** 0 for the first. */
  readonly second: number;
  /** Calls that callers began. */
  readonly offered: number;
  /** Calls that ended well. */
  readonly goodput: number;
  /** Requests that reached stock. */
  readonly attempts: number;
}
