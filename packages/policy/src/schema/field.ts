import { z } from 'zod';

/**
 * What becomes of a field. `applied`: it does what Istio says; `noMeaning`: accepted with a warning, it can change nothing for gRPC in the
 * process; `notSupported`: an error, since to leave it out would change what is asked for.
 */
export type FieldStatus = 'applied' | 'noMeaning' | 'notSupported';

/** What the documentation and the problems say of a field. */
export interface FieldMeta {
  readonly status: FieldStatus;
  /** `applied`: what it does, and its default; else the reason. */
  readonly note: string;
  /** Where it is not as Envoy has it; empty where it is. */
  readonly differs: string;
  /** What to write instead; empty where it is applied. */
  readonly instead: string;
  readonly required: boolean;
}

/** A field of a resource: its values, and what becomes of it. */
export interface Field<S extends z.ZodType> {
  readonly schema: S;
  readonly meta: FieldMeta;
}

/** What is known of an object of a resource beside its shape. */
export interface MessageMeta {
  /** Istio's name of the message: `HTTPRetry`. */
  readonly name: string;
  readonly fields: Readonly<Record<string, FieldMeta>>;
}

/** What a single value has to be, in words for a message. */
export interface LeafMeta {
  /** `"abc" is no ...` */
  readonly noun: string;
  /** `write ...` */
  readonly fix: string;
}

/** The objects of all resources; each schema that {@link message} makes is in it. */
export const messages = z.registry<MessageMeta>();
/** The single values of all resources. */
export const leaves = z.registry<LeafMeta>();

/** A field that is optional and does what Istio says. */
export function applied<S extends z.ZodType>(schema: S, note: string, differs = ''): Field<z.ZodOptional<S>> {
  return optional(schema, { status: 'applied', note, differs, instead: '', required: false });
}

/** A field that must be there and does what Istio says. */
export function required<S extends z.ZodType>(schema: S, note: string, differs = ''): Field<S> {
  return { schema, meta: { status: 'applied', note, differs, instead: '', required: true } };
}

/** A field that changes nothing for gRPC in the process; `note` is the reason. */
export function noMeaning<S extends z.ZodType>(
  schema: S,
  note: string,
  instead: string,
): Field<z.ZodOptional<S>> {
  return optional(schema, { status: 'noMeaning', note, differs: '', instead, required: false });
}

/** A field that is refused; `note` is the reason. */
export function notSupported<S extends z.ZodType>(
  schema: S,
  note: string,
  instead: string,
): Field<z.ZodOptional<S>> {
  return optional(schema, { status: 'notSupported', note, differs: '', instead, required: false });
}

function optional<S extends z.ZodType>(schema: S, meta: FieldMeta): Field<z.ZodOptional<S>> {
  return { schema: schema.optional(), meta };
}

type Shape<F extends Readonly<Record<string, Field<z.ZodType>>>> = { [K in keyof F]: F[K]['schema'] };

/** An object of a resource. A field that it does not have is a problem. */
export function message<F extends Readonly<Record<string, Field<z.ZodType>>>>(
  name: string,
  fields: F,
): z.ZodObject<Shape<F>, z.core.$strict> {
  const schema = z.strictObject(mapShape(fields));
  messages.add(schema, {
    name,
    fields: Object.fromEntries(Object.entries(fields).map(([key, { meta }]) => [key, meta])),
  });
  return schema;
}

function mapShape<F extends Readonly<Record<string, Field<z.ZodType>>>>(fields: F): Shape<F> {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, field] of Object.entries(fields)) shape[name] = field.schema;
  // The names are those of `fields`, each with its own schema: what Object.entries forgets.
  return shape as Shape<F>;
}

/** A single value; `noun` and `fix` say in a message what it has to be. */
export function leaf<S extends z.ZodType>(schema: S, noun: string, fix: string): S {
  leaves.add(schema, { noun, fix });
  return schema;
}
