import type { z } from 'zod';
import { isPlainObject, type PlainValue } from '../document/plain-value.js';
import type { FieldPath } from '../problem.js';
import { shapeOf } from '../schema/walk.js';
import type { Finder } from './finder.js';

/** Finds the fields that have no meaning here (a warning) and those that are not supported (an error). */
export function checkStatuses(
  root: z.core.$ZodType,
  value: PlainValue,
  find: Finder,
  path: FieldPath = ['spec'],
): void {
  const shape = shapeOf(root);
  if (shape.kind === 'list' && Array.isArray(value)) {
    const items: readonly PlainValue[] = value;
    for (const [index, item] of items.entries()) checkStatuses(shape.item, item, find, [...path, index]);
  }
  if (!isPlainObject(value)) return;
  if (shape.kind === 'map') {
    for (const [name, entry] of Object.entries(value))
      checkStatuses(shape.value, entry, find, [...path, name]);
  }
  if (shape.kind !== 'object') return;
  for (const [name, entry] of Object.entries(value)) {
    const meta = Object.hasOwn(shape.message.fields, name) ? shape.message.fields[name] : undefined;
    const schema = shape.schema.shape[name];
    if (meta === undefined || schema === undefined) continue;
    const at = [...path, name];
    if (meta.status === 'notSupported')
      find.error(at, `${name} is not supported: ${meta.note}`, meta.instead);
    else if (meta.status === 'noMeaning')
      find.warning(at, `${name} changes nothing: ${meta.note}`, meta.instead);
    // What is in it would be said again for each field.
    else checkStatuses(schema, entry, find, at);
  }
}
