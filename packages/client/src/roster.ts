/** Something that can be on one {@link Roster}. */
export interface Rostered {
  /** Where it is; -1: nowhere. The roster's own. */
  place: number;
}

/**
 * What is under way at the moment, in no order that means anything. In the place of a `Set`, since one that items come to and go
 * from all the time is what makes them expensive: V8 copies its table every few of them, and each table that is left behind
 * carries those that were in it, and all they refer to, over into the old generation.
 */
export class Roster<T extends Rostered> implements Iterable<T> {
  readonly #items: T[] = [];

  /** How many there are. */
  get size(): number {
    return this.#items.length;
  }

  /** Adds one that is on no roster. */
  add(item: T): void {
    item.place = this.#items.length;
    this.#items.push(item);
  }

  /** Takes one off, if it is there; the last takes its place. */
  delete(item: T): void {
    const { place } = item;
    if (this.#items[place] !== item) return;
    item.place = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[place] = last;
    last.place = place;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.values();
  }
}
