import type { FieldPath } from '../problem.js';

/** Where a value and what is in it stand in the text: a tree beside the plain value. */
export interface Place {
  /** Of the key in a map, of the item in a list. */
  readonly offset: number;
  readonly children: ReadonlyMap<string | number, Place>;
}

/** The offset of a field, or of its nearest parent that is there. */
export function offsetOf(root: Place, path: FieldPath): number {
  let place = root;
  for (const part of path) {
    const child = place.children.get(part);
    if (child === undefined) break;
    place = child;
  }
  return place.offset;
}
