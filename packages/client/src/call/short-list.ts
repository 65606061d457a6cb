// Most calls have one attempt: lists are replaced when they change, so that one with a single item is no larger than that.
/** The list of nothing. */
export const NONE: readonly never[] = [];

/** The list with one more. */
export function withOne<T>(items: readonly T[], item: T): readonly T[] {
  return items.length === 0 ? [item] : [...items, item];
}

/** The list without the item, if it is there. */
export function without<T>(items: readonly T[], item: T): readonly T[] {
  return items.length === 1 && items[0] === item ? NONE : items.filter((each) => each !== item);
}
