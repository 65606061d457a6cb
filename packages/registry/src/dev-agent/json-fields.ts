import { Refusal } from './refusal.js';

/** The refusal of a body that is not what Go's decoder expects. */
export function notDecodable(problem: string): Refusal {
  return new Refusal(400, `Request decode failed: ${problem}`);
}

/** Parses a body that has to be a JSON object. */
export function parseBody(body: Buffer): JsonFields {
  const text = body.toString().trim();
  if (text === '') throw notDecodable('EOF');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notDecodable(error instanceof Error ? error.message : String(error));
  }
  return new JsonFields(value, 'body');
}

/**
 * The fields of a JSON object, read as Go reads them: names in any case, also with underscores; null is as good as absent; another type, or a
 * name that nobody knows, is an error.
 */
export class JsonFields {
  readonly #values = new Map<string, unknown>();
  readonly #names = new Map<string, string>();

  constructor(value: unknown, what: string) {
    if (!isObject(value)) throw notDecodable(`json: cannot unmarshal ${typeName(value)} into the ${what}`);
    for (const [name, each] of Object.entries(value)) {
      const plain = plainName(name);
      if (each === null) continue;
      this.#values.set(plain, each);
      this.#names.set(plain, name);
    }
  }

  /** How many fields there are, null ones left out. */
  get size(): number {
    return this.#values.size;
  }

  string(name: string): string {
    const value = this.#take(name);
    if (value === undefined) return '';
    if (typeof value !== 'string') throw wrongType(value, name, 'string');
    return value;
  }

  integer(name: string): number {
    const value = this.#take(name);
    if (value === undefined) return 0;
    if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(value, name, 'int');
    return value;
  }

  boolean(name: string): boolean {
    const value = this.#take(name);
    if (value === undefined) return false;
    if (typeof value !== 'boolean') throw wrongType(value, name, 'bool');
    return value;
  }

  strings(name: string): readonly string[] {
    return this.list(name).map((value) => {
      if (typeof value !== 'string') throw wrongType(value, name, 'string');
      return value;
    });
  }

  list(name: string): readonly unknown[] {
    const value = this.#take(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw wrongType(value, name, 'list');
    return value;
  }

  object(name: string): JsonFields | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : new JsonFields(value, name);
  }

  /** A map whose names are the user's, as they are; undefined where there is none. */
  map(name: string): ReadonlyArray<readonly [string, unknown]> | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw wrongType(value, name, 'map');
    return Object.entries(value);
  }

  /** A value of any type; undefined where there is none. */
  any(name: string): unknown {
    return this.#take(name);
  }

  /** Takes note of names that are known and have no effect here. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#take(name);
  }

  /** Refuses what was not asked for. */
  end(): void {
    for (const name of this.#names.values())
      throw notDecodable(`json: unknown field ${JSON.stringify(name)}`);
  }

  #take(name: string): unknown {
    const plain = plainName(name);
    this.#names.delete(plain);
    return this.#values.get(plain);
  }
}

function plainName(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function wrongType(value: unknown, field: string, type: string): Refusal {
  return notDecodable(
    `json: cannot unmarshal ${typeName(value)} into Go struct field .${field} of type ${type}`,
  );
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : typeof value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
