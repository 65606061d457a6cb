import { ConfigError, checkInteger, checkNumber, checkOptionNames } from '@micromesh/core';

/**
 * Looks at the value of one option.
 *
 * @throws ConfigError that names the field, the value and the mend.
 */
export type Check = (field: string, value: unknown) => void;

/** A check for each option that there is. */
export type Checks<T> = { readonly [K in keyof Required<T>]: Check };

/**
 * Refuses options that nobody reads, and values that cannot be. What is undefined counts as not said.
 *
 * @throws ConfigError as {@link Check}.
 */
export function checkOptions(what: string, options: unknown, checks: Readonly<Record<string, Check>>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ConfigError(
      what,
      options,
      'is no object',
      `give one with any of ${Object.keys(checks).join(', ')}`,
    );
  }
  checkOptionNames(what, options, Object.keys(checks));
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) checks[name]?.(`${what}.${name}`, value);
  }
}

/** Options within an option. */
export function group(checks: Readonly<Record<string, Check>>): Check {
  return (field, value) => checkOptions(field, value, checks);
}

export function numberOf(min: number, max?: number): Check {
  return (field, value) => {
    if (typeof value !== 'number') throw new ConfigError(field, value, 'is no number', 'give one');
    checkNumber(field, value, min, max);
  };
}

export function integerOf(min: number, max?: number): Check {
  return (field, value) => {
    if (typeof value !== 'number') throw new ConfigError(field, value, 'is no number', 'give one');
    checkInteger(field, value, min, max);
  };
}

/** One of a few words. */
export function wordOf(...words: readonly string[]): Check {
  return (field, value) => {
    if (words.some((word) => word === value)) return;
    throw new ConfigError(field, value, 'is none of its values', `give ${words.join(' or ')}`);
  };
}

export const flag: Check = (field, value) => {
  if (typeof value !== 'boolean') throw new ConfigError(field, value, 'is no boolean', 'give true or false');
};

export const text: Check = (field, value) => {
  if (typeof value !== 'string') throw new ConfigError(field, value, 'is not a string', 'give a string');
};

/** A text that says something. */
export const name: Check = (field, value) => {
  text(field, value);
  if (value === '') throw new ConfigError(field, value, 'names nothing', 'give a name');
};

/** Texts by name. */
export const texts: Check = (field, value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(field, value, 'is no object', "give texts by name: { zone: 'a' }");
  }
  for (const [key, each] of Object.entries(value)) text(`${field}.${key}`, each);
};

/** A function; the example tells which. */
export function functionLike(example: string): Check {
  return (field, value) => {
    if (typeof value !== 'function') throw new ConfigError(field, value, 'is no function', `give ${example}`);
  };
}

/** An object with these methods; the example tells which. */
export function objectWith(methods: readonly string[], example: string): Check {
  return (field, value) => {
    const missing = methods.filter((method) => !hasMethod(value, method));
    if (missing.length === 0) return;
    throw new ConfigError(field, value, `has no ${missing.join(', no ')}`, `give ${example}`);
  };
}

function hasMethod(value: unknown, method: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return typeof Reflect.get(value, method) === 'function';
}

export function listOf(each: Check, example: string): Check {
  return (field, value) => {
    if (!Array.isArray(value)) throw new ConfigError(field, value, 'is no list', `give ${example}`);
    for (const [index, element] of value.entries()) each(`${field}[${index}]`, element);
  };
}

/** Whatever somebody else looks at. */
export const anything: Check = () => {};
