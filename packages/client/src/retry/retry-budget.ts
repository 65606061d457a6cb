/** What a budget asks of a call. */
export interface BudgetedCall {
  /** Extra attempts that were taken for it and are being made, or were. */
  readonly paidRetries: number;
  /** One was taken for it and has not begun. */
  readonly extraTaken: boolean;
}

/** Bounds what extra attempts may add to a service's load: all its calls share it. */
export interface RetryBudget {
  /** A call has begun; each that has ends. */
  begin(now: number): void;
  /**
   * Takes one extra attempt for a call, if there is one.
   *
   * @param isEarly - nothing has failed: it is no more than a chance of an earlier answer, and may be refused where a retry would not be.
   */
  tryTake(call: BudgetedCall, isEarly?: boolean): boolean;
  /** What was taken last for the call is not used. */
  giveBack(call: BudgetedCall): void;
  /** Extra attempts that are left now. */
  readonly available: number;
  /** The call has ended, after all its attempts. */
  end(call: BudgetedCall, succeeded: boolean): void;
}
