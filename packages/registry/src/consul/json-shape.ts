/** A JSON object of unknown fields. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value if it is an object, else an empty one: Consul writes `null` for what is empty. */
export function objectIn(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The strings of an array; what is none gives an empty list. */
export function stringsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

/** The pairs of an object whose values are strings. */
export function stringPairsIn(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(objectIn(value)).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

/** The string, or an empty one. */
export function stringIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The number, or 0. */
export function numberIn(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
