const OFFSET = 0x811c9dc5;

/** A number in [0, 2^32) for a text, the same in every process and version. */
export function hashOf(text: string): number {
  return finished(continued(OFFSET, text));
}

/** Hashes of texts with the same beginning. */
export function hashesFrom(beginning: string): (end: string) => number {
  const state = continued(OFFSET, beginning);
  return (end) => finished(continued(state, end));
}

/** FNV-1a over the characters. */
function continued(state: number, text: string): number {
  let hash = state;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash;
}

/** Murmur3's finalizer: FNV alone leaves similar keys close together. */
function finished(state: number): number {
  let hash = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
