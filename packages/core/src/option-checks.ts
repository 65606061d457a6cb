import { ConfigError } from './errors.js';
import { checkInteger, checkNumber, checkOptionNames } from './options.js';

/**
 * Looks at the value of one option.
 *
 * @throws ConfigError that names the field, the value and the mend.
 */
export type Check = (field: string, value: unknown) => void;

/** A check for each option that there is. */
export type Checks<T> = { readonly [K in keyof Required<T>]: Check };

/**
 * Options: refuses names that nobody reads, and values that cannot be. What is undefined counts as not said.
 *
 * Calls have their options checked by it: it makes nothing but the names of the fields.
 */
export function optionsOf(checks: Readonly<Record<string, Check>>): Check {
  const byName = new Map(Object.entries(checks));
  return (field, value) => {
    if (!isObject(value)) {
      throw new ConfigError(
        field,
        value,
        'is no object',
        `give one with any of ${[...byName.keys()].join(', ')}`,
      );
    }
    for (const name of Object.keys(value)) {
      const check = byName.get(name);
      const given = value[name];
      if (check === undefined) checkOptionNames(field, { [name]: true }, [...byName.keys()]);
      else if (given !== undefined) check(`${field}.${name}`, given);
    }
  };
}

/**
 * A number from `min` to `max`.
 *
 * @param mend - what to write instead; default tells the range.
 */
export function numberOf(min: number, max = Number.POSITIVE_INFINITY, mend?: string): Check {
  return (field, value) => {
    if (typeof value !== 'number') throw new ConfigError(field, value, 'is no number', mend ?? 'give one');
    if (mend !== undefined && !(value >= min && value <= max)) {
      throw new ConfigError(field, value, 'is out of range', mend);
    }
    checkNumber(field, value, min, max);
  };
}

/** A whole number from `min` to `max`. */
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

/** True or false. */
export const flagValue: Check = (field, value) => {
  if (typeof value !== 'boolean') throw new ConfigError(field, value, 'is no boolean', 'give true or false');
};

/** A string, be it empty. */
export const textValue: Check = (field, value) => {
  if (typeof value !== 'string') throw new ConfigError(field, value, 'is not a string', 'give a string');
};

/** A string that says something. */
export const nameValue: Check = (field, value) => {
  textValue(field, value);
  if (value === '') throw new ConfigError(field, value, 'names nothing', 'give a name');
};

/** Values of one kind by name; the example tells which. */
export function valuesByName(each: Check, example: string): Check {
  return (field, value) => {
    if (!isObject(value)) throw new ConfigError(field, value, 'is no object', `give ${example}`);
    for (const [key, one] of Object.entries(value)) each(`${field}.${key}`, one);
  };
}

/** A function; the example tells which. */
export function functionLike(example: string): Check {
  return (field, value) => {
    if (typeof value !== 'function') throw new ConfigError(field, value, 'is no function', `give ${example}`);
  };
}

/** An object with these methods; the example tells which. */
export function objectWith(methods: readonly string[], example: string): Check {
  return (field, value) => {
    const missing = methods.filter((method) => !isObject(value) || typeof value[method] !== 'function');
    if (missing.length === 0) return;
    throw new ConfigError(field, value, `has no ${missing.join(', no ')}`, `give ${example}`);
  };
}

/** A list of values of one kind; the example tells which. */
export function listOf(each: Check, example: string): Check {
  return (field, value) => {
    if (!Array.isArray(value)) throw new ConfigError(field, value, 'is no list', `give ${example}`);
    for (const [index, element] of value.entries()) each(`${field}[${index}]`, element);
  };
}

/** Whatever somebody else looks at. */
export const anyValue: Check = () => {};

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
