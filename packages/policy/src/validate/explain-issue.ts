import { nearestName } from '@micromesh/core';
import type { z } from 'zod';
import { showValue } from '../document/plain-value.js';
import type { FieldPath } from '../problem.js';
import { leaves } from '../schema/field.js';
import { REMOVED_FIELDS } from '../schema/removed-fields.js';
import { type Shape, schemaAt, shapeOf } from '../schema/walk.js';
import type { Finder } from './finder.js';

/** Says what is wrong with the value that a schema does not take, in words of the field. */
export function explainIssue(
  issue: z.core.$ZodIssue,
  root: z.core.$ZodType,
  spec: unknown,
  find: Finder,
): void {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  const at = ['spec', ...path];
  const schema = schemaAt(root, path);
  const shape = schema === undefined ? undefined : shapeOf(schema);
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) unknownField([...at, key], key, shape, find);
    return;
  }
  const value = valueAt(spec, path);
  const name = lastName(path);
  if (value === undefined) find.error(at, `${name} is missing`, `write ${name}: ${expected(shape)}`);
  else if (value === null) find.error(at, `${name} is empty`, `give ${expected(shape)}, or take it out`);
  else if (shape?.kind === 'leaf') {
    const words = leaves.get(shape.schema);
    find.error(
      at,
      `${showValue(value)} is no ${words?.noun ?? 'value of this field'}`,
      words?.fix ?? issue.message,
    );
  } else if (Array.isArray(value) && value.length === 0) {
    find.error(at, `${name} is empty`, 'give at least one item, or take it out');
  } else if (Array.isArray(value) && shape?.kind === 'list') {
    find.error(at, `${name} has ${value.length} items, which are too many`, 'split the resource');
  } else find.error(at, `${showValue(value)} is not what ${name} takes`, `give ${expected(shape)}`);
}

function unknownField(path: FieldPath, key: string, shape: Shape | undefined, find: Finder): void {
  if (shape?.kind !== 'object') {
    find.error(path, `there is no field ${key}`, 'take it out');
    return;
  }
  const { name, fields } = shape.message;
  const replaced = REMOVED_FIELDS[name]?.[key];
  if (replaced !== undefined) {
    find.error(path, `Istio has removed ${key}`, replaced);
    return;
  }
  const known = Object.keys(fields);
  const near = nearestName(key, known);
  find.error(
    path,
    `there is no field ${key} in ${name}`,
    near === undefined ? `it has ${known.join(', ')}` : `did you mean ${near}?`,
  );
}

/** What a field takes, for `give ...`. */
function expected(shape: Shape | undefined): string {
  if (shape?.kind === 'list') return 'a list: lines that begin with a dash';
  if (shape?.kind === 'map') return 'names with values below it';
  if (shape?.kind === 'object') return `fields below it: ${Object.keys(shape.message.fields).join(', ')}`;
  const words = shape === undefined ? undefined : leaves.get(shape.schema);
  return words === undefined ? 'a value' : `a ${words.noun}`;
}

function lastName(path: FieldPath): string {
  const last = path.at(-1);
  if (last === undefined) return 'spec';
  return typeof last === 'number' ? `item ${last} of ${String(path.at(-2) ?? 'the list')}` : last;
}

/** What stands at a path; undefined where there is nothing. */
export function valueAt(root: unknown, path: FieldPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}
