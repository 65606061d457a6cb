import type { HeaderOperations as HeaderSpec } from '../schema/virtual-service/headers.js';

/** Headers or metadata that can be changed; names are in lower case. */
export interface HeaderStore {
  /** Overwrites all values. */
  set(name: string, value: string): void;
  /** Appends a value. */
  add(name: string, value: string): void;
  remove(name: string): void;
}

/** What is done to headers, in the order of the fields; as Envoy does it, removing comes first. */
export interface HeaderEdits {
  readonly remove: readonly string[];
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
}

/** Nothing is done: one object, so that a comparison tells. */
export const NO_EDITS: HeaderEdits = { remove: [], set: [], add: [] };

const AUTHORITY: ReadonlySet<string> = new Set([':authority', 'host']);

/** Does what a rule says to headers. */
export function applyHeaderEdits(operations: HeaderEdits, headers: HeaderStore): void {
  if (operations === NO_EDITS) return;
  for (const name of operations.remove) headers.remove(name);
  for (const [name, value] of operations.set) headers.set(name, value);
  for (const [name, value] of operations.add) headers.add(name, value);
}

/** Compiles what is done to the headers of one direction; names come in lower case, the authority is not among them. */
export function compileHeaderEdits(spec: HeaderSpec | undefined): HeaderEdits {
  if (spec === undefined) return NO_EDITS;
  const set = pairs(spec.set);
  const add = pairs(spec.add);
  const remove = (spec.remove ?? []).map((name) => name.toLowerCase());
  return set.length + add.length + remove.length === 0 ? NO_EDITS : { remove, set, add };
}

/** The authority that the operations of a request set; undefined: they leave it. */
export function authorityOf(spec: HeaderSpec | undefined): string | undefined {
  // Where both set it, Istio takes that of `set`.
  for (const map of [spec?.set, spec?.add]) {
    for (const [name, value] of Object.entries(map ?? {}))
      if (AUTHORITY.has(name.toLowerCase())) return value;
  }
  return undefined;
}

function pairs(
  map: Readonly<Record<string, string>> | undefined,
): readonly (readonly [name: string, value: string])[] {
  return Object.entries(map ?? {})
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !AUTHORITY.has(name));
}
