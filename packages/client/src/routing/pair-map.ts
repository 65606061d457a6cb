/** What was made once for a pair of objects, for as long as both are there. */
export class PairMap<First extends object, Second extends object, Made> {
  readonly #made = new WeakMap<First, WeakMap<Second, Made>>();

  /** @param make - is called where nothing was made for the pair. */
  of(first: First, second: Second, make: () => Made): Made {
    let bySecond = this.#made.get(first);
    if (bySecond === undefined) {
      bySecond = new WeakMap();
      this.#made.set(first, bySecond);
    }
    let made = bySecond.get(second);
    if (made === undefined) {
      made = make();
      bySecond.set(second, made);
    }
    return made;
  }
}
