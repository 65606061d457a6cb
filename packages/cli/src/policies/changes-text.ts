import type { PolicyChange, StoredResource } from '@micromesh/policy';
import type { Colors } from '../command/colors.js';

/** A change as JSON shows it. */
export function shownChange({ change, before, after }: PolicyChange) {
  return { change, ...shownResource(after ?? before) };
}

/** A resource without its text. */
export function shownResource(resource: StoredResource | undefined) {
  if (resource === undefined) return {};
  const { kind, namespace, name, file, line } = resource;
  return { kind, namespace, name, file, line };
}

/** A line for each change. */
export function changesText(changes: readonly PolicyChange[], colors: Colors): string {
  const rows = changes.map(({ change, before, after }) => {
    const now = after ?? before;
    const from = change === 'moved' && before !== undefined ? `${before.file}:${before.line} -> ` : '';
    return { change, name: nameOf(now), place: `${from}${now?.file}:${now?.line}` };
  });
  const width = Math.max(0, ...rows.map(({ name }) => name.length));
  const lines = rows.map(
    ({ change, name, place }) =>
      `${colored(change, colors)}${' '.repeat('unchanged'.length - change.length)}  ${name.padEnd(width)}  ${place}\n`,
  );
  return lines.join('');
}

function nameOf(resource: StoredResource | undefined): string {
  return resource === undefined ? '' : `${resource.kind} ${resource.namespace}/${resource.name}`;
}

function colored(change: PolicyChange['change'], colors: Colors): string {
  switch (change) {
    case 'created':
      return colors.green(change);
    case 'changed':
    case 'moved':
      return colors.yellow(change);
    case 'deleted':
      return colors.red(change);
    case 'unchanged':
      return colors.dim(change);
  }
}
