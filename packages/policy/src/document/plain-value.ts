/** What YAML and JSON have in common. */
export type PlainValue = string | number | boolean | null | readonly PlainValue[] | PlainObject;

/** A map with string keys; `__proto__` is never one of them. */
export interface PlainObject {
  readonly [name: string]: PlainValue;
}

/** Whether a value is a map, and not a list. */
export function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Longer values are cut in messages. */
const MAX_SHOWN = 80;

/** A value as it stands in a message: quoted, and cut where it is long. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}
