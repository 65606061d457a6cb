import { z } from 'zod';
import type { FieldPath } from '../problem.js';
import { type FieldMeta, type MessageMeta, messages } from './field.js';

/** What a schema is, without what makes it optional or reads it. */
export type Shape =
  | { readonly kind: 'object'; readonly schema: z.ZodObject; readonly message: MessageMeta }
  | { readonly kind: 'list'; readonly item: z.core.$ZodType }
  | { readonly kind: 'map'; readonly value: z.core.$ZodType }
  | { readonly kind: 'leaf'; readonly schema: z.core.$ZodType };

/** Looks at one schema of a resource. */
export function shapeOf(schema: z.core.$ZodType): Shape {
  if (schema instanceof z.ZodOptional) return shapeOf(schema.def.innerType);
  if (schema instanceof z.ZodArray) return { kind: 'list', item: schema.def.element };
  if (schema instanceof z.ZodRecord) return { kind: 'map', value: schema.def.valueType };
  if (schema instanceof z.ZodObject) {
    const message = messages.get(schema);
    if (message !== undefined) return { kind: 'object', schema, message };
  }
  return { kind: 'leaf', schema };
}

/** The schema of what stands at a path; undefined where there is no such field. */
export function schemaAt(root: z.core.$ZodType, path: FieldPath): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = root;
  for (const part of path) {
    if (schema === undefined) return undefined;
    const shape = shapeOf(schema);
    if (shape.kind === 'object') schema = shape.schema.shape[part];
    else if (shape.kind === 'list') schema = shape.item;
    else schema = shape.kind === 'map' ? shape.value : undefined;
  }
  return schema;
}

/** One field of a resource, as the documentation and the tests see it. */
export interface FieldEntry {
  /** Names of fields from the spec on; `[]` and `{}` stand for any item of a list or map. */
  readonly path: readonly string[];
  /** The message that has the field. */
  readonly message: string;
  readonly name: string;
  readonly meta: FieldMeta;
  /** The message that the field holds; empty: none. */
  readonly holds: string;
  readonly schema: z.core.$ZodType;
}

/** Every field below a schema, parents before what is in them. */
export function* fieldsOf(root: z.core.$ZodType, path: readonly string[] = []): Generator<FieldEntry> {
  const shape = shapeOf(root);
  if (shape.kind === 'list') yield* fieldsOf(shape.item, [...path, '[]']);
  else if (shape.kind === 'map') yield* fieldsOf(shape.value, [...path, '{}']);
  if (shape.kind !== 'object') return;
  for (const [name, meta] of Object.entries(shape.message.fields)) {
    const schema = shape.schema.shape[name];
    if (schema === undefined) continue;
    const below = [...path, name];
    yield { path: below, message: shape.message.name, name, meta, holds: heldMessage(schema), schema };
    yield* fieldsOf(schema, below);
  }
}

function heldMessage(schema: z.core.$ZodType): string {
  const shape = shapeOf(schema);
  if (shape.kind === 'list') return heldMessage(shape.item);
  if (shape.kind === 'map') return heldMessage(shape.value);
  return shape.kind === 'object' ? shape.message.name : '';
}
