import { isPlainObject, type PlainValue } from '../document/plain-value.js';
import type { FieldPath } from '../problem.js';
import { startsWith } from './finder.js';

/** A `spec` without its broken parts. */
export interface Pruned {
  readonly value: PlainValue | undefined;
  /** The path before pruning of what is at a path after it. */
  original(path: FieldPath): FieldPath;
}

/**
 * Takes out what stands at the paths, and what nothing is left of. What is missing takes what it is missing in with it.
 *
 * @param prefix - what the paths that are asked for later begin with.
 */
export function prune(spec: PlainValue, broken: readonly FieldPath[], prefix: FieldPath): Pruned {
  const kept = new Map<string, readonly number[]>();
  const value = broken.length === 0 ? spec : pruneAt(spec, broken, [], kept);
  return { value, original: (path) => originalPath(path, prefix, kept) };
}

function pruneAt(
  value: PlainValue,
  broken: readonly FieldPath[],
  path: FieldPath,
  kept: Map<string, readonly number[]>,
): PlainValue | undefined {
  const depth = path.length;
  if (broken.some((each) => each.length === depth)) return undefined;
  if (broken.length === 0) return value;
  if (Array.isArray(value)) {
    const items: readonly PlainValue[] = value;
    const left: PlainValue[] = [];
    const indexes: number[] = [];
    for (const [index, item] of items.entries()) {
      const below = broken.filter((each) => each[depth] === index);
      const rest = pruneAt(item, below, [...path, index], kept);
      if (rest === undefined) continue;
      left.push(rest);
      indexes.push(index);
    }
    kept.set(JSON.stringify(path), indexes);
    return left.length === 0 ? undefined : left;
  }
  if (!isPlainObject(value)) return undefined;
  const isThere = (part: string | number | undefined) => part !== undefined && Object.hasOwn(value, part);
  if (!broken.every((each) => isThere(each[depth]))) return undefined;
  const left: Record<string, PlainValue> = {};
  for (const [name, entry] of Object.entries(value)) {
    const below = broken.filter((each) => each[depth] === name);
    const rest = pruneAt(entry, below, [...path, name], kept);
    if (rest !== undefined) left[name] = rest;
  }
  return left;
}

function originalPath(
  path: FieldPath,
  prefix: FieldPath,
  kept: ReadonlyMap<string, readonly number[]>,
): FieldPath {
  if (kept.size === 0 || !startsWith(path, prefix)) return path;
  const original: (string | number)[] = [];
  for (const part of path.slice(prefix.length)) {
    const indexes = typeof part === 'number' ? kept.get(JSON.stringify(original)) : undefined;
    original.push(typeof part === 'number' ? (indexes?.[part] ?? part) : part);
  }
  return [...prefix, ...original];
}
