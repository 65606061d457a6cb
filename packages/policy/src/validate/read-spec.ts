import type { z } from 'zod';
import type { PlainValue } from '../document/plain-value.js';
import type { FieldPath } from '../problem.js';
import { explainIssue, valueAt } from './explain-issue.js';
import { type Finder, startsWith, type TakenOut } from './finder.js';
import { prune } from './taken-out.js';

/** Times that broken parts are taken out and the rest is read again. */
const MAX_ROUNDS = 8;
const SPEC: FieldPath = ['spec'];

/** What could be read of a `spec`. */
export interface ReadSpec<T> {
  /** What is left when the broken parts are taken out, so that the rest is looked at too; undefined when nothing is. */
  readonly spec: T | undefined;
  readonly takenOut: TakenOut;
}

/** What a broken value takes with it: a field that has to be there, what it is in. */
function takeOut(path: FieldPath, broken: readonly FieldPath[]): FieldPath {
  let out = path;
  const isOut = (each: FieldPath) => each.length === out.length && startsWith(each, out);
  while (out.length > 0 && broken.some(isOut)) out = out.slice(0, -1);
  return out;
}

/** Reads a `spec` by its schema; what does not fit is found. */
export function readSpec<S extends z.ZodType>(
  schema: S,
  spec: PlainValue,
  find: Finder,
): ReadSpec<z.output<S>> {
  // Both in the document's own numbers, from the spec on.
  const broken: FieldPath[] = [];
  const unknown: FieldPath[] = [];
  const refused = find.findings.filter(({ severity }) => severity === 'error').map(({ path }) => path);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { value, original } = prune(spec, broken, []);
    const takenOut: TakenOut = {
      broken: broken.map((path) => [...SPEC, ...path]),
      unknown: unknown.map((path) => [...SPEC, ...path]),
      original: (path) => (path[0] === 'spec' ? [...SPEC, ...original(path.slice(1))] : path),
    };
    if (value === undefined) return { spec: undefined, takenOut };
    const read = schema.safeParse(value);
    if (read.success) return { spec: read.data, takenOut };
    for (const issue of read.error.issues) {
      const path = original(issue.path.filter((part) => typeof part !== 'symbol'));
      // A field that is refused as a whole is not looked into.
      const isRefused = refused.some((other) => startsWith([...SPEC, ...path], other));
      if (round === 0 && !isRefused) explainIssue(issue, schema, spec, find);
      if (issue.code === 'unrecognized_keys') {
        const keys = issue.keys.map((key) => [...path, key]);
        broken.push(...keys);
        unknown.push(...keys);
      } else {
        // What is missing takes what it is missing in with it.
        if (path.length > 0 && valueAt(spec, path) === undefined) broken.push(path.slice(0, -1));
        broken.push(takeOut(path, broken));
      }
    }
  }
  const all: TakenOut = { broken: [SPEC], unknown: [], original: (path) => path };
  return { spec: undefined, takenOut: all };
}
