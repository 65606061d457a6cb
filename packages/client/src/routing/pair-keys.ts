/** One object for each pair of objects, to keep what was made for both. */
export class PairKeys {
  readonly #keys = new WeakMap<object, WeakMap<object, object>>();

  of(first: object, second: object): object {
    let bySecond = this.#keys.get(first);
    if (bySecond === undefined) {
      bySecond = new WeakMap();
      this.#keys.set(first, bySecond);
    }
    let key = bySecond.get(second);
    if (key === undefined) {
      key = {};
      bySecond.set(second, key);
    }
    return key;
  }
}
