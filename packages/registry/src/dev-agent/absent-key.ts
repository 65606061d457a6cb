/**
 * Which writes wake a watch of a key that is not there.
 *
 * Consul holds its tables in radix trees and watches the deepest node on the way to the key. So a watch of something absent is woken by
 * writes to keys nearby: all of them in an empty corner of the tree, few in a crowded one.
 *
 * @param keys - what is there.
 * @returns the beginning of the keys whose writes wake it; empty: all.
 */
export function wokenBelow(absent: string, keys: Iterable<string>): string {
  // A key of the tree ends with a zero byte, which makes its end a branch like any other.
  const wanted = `${absent}\0`;
  const near: { readonly key: string; readonly common: number }[] = [];
  let deepest = 0;
  for (const each of keys) {
    const key = `${each}\0`;
    const common = commonLength(wanted, key);
    near.push({ key, common });
    deepest = Math.max(deepest, common);
  }
  if (deepest === 0) return '';
  let branch = 0;
  for (const { common } of near) if (common < deepest) branch = Math.max(branch, common);
  return wanted.slice(0, branch + 1);
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
