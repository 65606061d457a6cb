import { resourceId, type StoredResource } from './stored-resource.js';

/** What becomes of one resource. `moved`: its text is the same and stands somewhere else. */
export interface PolicyChange {
  readonly change: 'created' | 'changed' | 'moved' | 'unchanged' | 'deleted';
  readonly before: StoredResource | undefined;
  readonly after: StoredResource | undefined;
}

/** Puts resources into a set: each takes the place of the one of its kind, namespace and name. Sorted, so that the order of writing is nothing. */
export function withResources(
  set: readonly StoredResource[],
  added: readonly StoredResource[],
): readonly StoredResource[] {
  const byId = new Map([...set, ...added].map((resource) => [resourceId(resource), resource]));
  return [...byId.values()].sort(byPlace);
}

/** What is different between two sets, sorted by kind, namespace and name. */
export function policyChanges(
  before: readonly StoredResource[],
  after: readonly StoredResource[],
): readonly PolicyChange[] {
  const old = new Map(before.map((resource) => [resourceId(resource), resource]));
  const now = new Map(after.map((resource) => [resourceId(resource), resource]));
  const ids = [...new Set([...old.keys(), ...now.keys()])].sort();
  return ids.map((id) => changeOf(old.get(id), now.get(id)));
}

/** Whether one of them changes anything. */
export function changesAnything(changes: readonly PolicyChange[]): boolean {
  return changes.some(({ change }) => change !== 'unchanged');
}

function changeOf(before: StoredResource | undefined, after: StoredResource | undefined): PolicyChange {
  if (before === undefined) return { change: 'created', before, after };
  if (after === undefined) return { change: 'deleted', before, after };
  if (before.text !== after.text) return { change: 'changed', before, after };
  const isThere = before.file === after.file && before.line === after.line;
  return { change: isThere ? 'unchanged' : 'moved', before, after };
}

// The first of several DestinationRules of a host counts: the order is that of the files, as in a folder.
function byPlace(a: StoredResource, b: StoredResource): number {
  return compare(a.file, b.file) || a.line - b.line || compare(resourceId(a), resourceId(b));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
