/** What goes on for a call and waits: each sleeper ends when what it waits for is there, or with the call. */
export class CallSleep {
  /** Who sleeps, and whether an answer wakes as well. */
  readonly #sleepers = new Map<() => void, boolean>();

  /**
   * Sleeps until `wake` is called, or all are woken.
   *
   * @param arm - starts what will wake it, and gives what ends that.
   * @param untilAnswered - {@link wakeAtAnswer} wakes it, too.
   */
  async sleep(arm: (wake: () => void) => () => void, untilAnswered: boolean): Promise<void> {
    let disarm: (() => void) | undefined;
    let sleeper: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      sleeper = resolve;
      this.#sleepers.set(resolve, untilAnswered);
      disarm = arm(resolve);
    });
    if (sleeper !== undefined) this.#sleepers.delete(sleeper);
    disarm?.();
  }

  wakeAll(): void {
    for (const wake of this.#sleepers.keys()) wake();
  }

  wakeAtAnswer(): void {
    for (const [wake, untilAnswered] of this.#sleepers) if (untilAnswered) wake();
  }
}
