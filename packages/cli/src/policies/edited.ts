import {
  cutResources,
  hasErrors,
  type PolicyText,
  type PolicyVersion,
  type Problem,
  readResources,
  resourceId,
  type StoredResource,
  withResources,
} from '@micromesh/policy';
import type { ReadPaths } from './read-paths.js';

/** What a command makes of the set that is in force. */
export interface Edited {
  readonly resources: readonly StoredResource[];
  /** The same, to validate: with the file and line of each that a problem is to name. */
  readonly texts: readonly PolicyText[];
  /** Files that are not read. */
  readonly unread: readonly Problem[];
  readonly rollbackTo?: number;
}

/** The set with what files say put into it; each resource takes the place of the one of its kind, namespace and name. */
export function withFiles(
  { texts, problems }: ReadPaths,
  current: PolicyVersion | undefined,
  prune: boolean,
): Edited {
  const before = current?.resources ?? [];
  const unread = [...problems, ...texts.flatMap(({ text, file }) => readResources(text, file).problems)];
  // Validation says so once more, with all else that is wrong.
  if (hasErrors(unread)) return { resources: before, texts, unread: problems };
  const files = cutResources(texts.map(({ name, text }) => ({ file: name, text })));
  const ids = new Set(files.map(resourceId));
  const others = prune ? [] : before.filter((resource) => !ids.has(resourceId(resource)));
  return {
    resources: withResources(others, files),
    texts: [...texts, ...storedTexts(others)],
    unread: [],
  };
}

/** Resources that are in the store, with names that tell so. */
export function storedTexts(resources: readonly StoredResource[]): readonly PolicyText[] {
  return resources.map(({ file, line, text }) => ({ file: `kv:${file}`, line, text }));
}
