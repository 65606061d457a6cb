import { ConfigError } from '@micromesh/core';

/** The longest value: Consul's own limit. */
export const MAX_KV_VALUE_BYTES = 512 * 1024;
const MAX_KEY_BYTES = 512;
// Consul answers 400 for a path with anything else, other spaces among it.
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;

/** @throws ConfigError when it is none that Consul can hold and be asked for. */
export function checkKey(key: string): void {
  checkText('key', key);
  if (key === '') throw new ConfigError('key', key, 'is empty', "name one, e.g. 'shop/limits'");
  checkParts('key', key);
}

/** @throws ConfigError when no key can begin so. */
export function checkPrefix(prefix: string): void {
  checkText('prefix', prefix);
  checkParts('prefix', prefix);
}

/** @throws ConfigError when it is longer than 512 KiB, or no text. */
export function checkValue(key: string, value: string): void {
  if (typeof value !== 'string') {
    throw new ConfigError(`value of ${key}`, value, 'is no text', 'give a string, e.g. of JSON.stringify');
  }
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_KV_VALUE_BYTES) {
    throw new ConfigError(
      `value of ${key}`,
      `${bytes} bytes`,
      'is longer than 512 KiB',
      'split it, or store where it is found',
    );
  }
  if (!isWellFormed(value)) {
    throw new ConfigError(`value of ${key}`, value, 'has half a surrogate pair', 'give well-formed text');
  }
}

function checkText(field: string, text: string): void {
  if (typeof text !== 'string') throw new ConfigError(field, text, 'is no text', 'give a string');
  if (Buffer.byteLength(text) > MAX_KEY_BYTES) {
    throw new ConfigError(field, text, `is longer than ${MAX_KEY_BYTES} bytes`, 'shorten it, or hash a part');
  }
  if (!PRINTABLE.test(text) || !isWellFormed(text)) {
    throw new ConfigError(field, text, 'has characters that no key can have', 'write printable text');
  }
}

// An agent's HTTP server tidies such paths up and would answer for another key.
function checkParts(field: string, text: string): void {
  const parts = text.split('/');
  const odd = parts.some(
    (part, at) => (part === '' && at < parts.length - 1) || part === '.' || part === '..',
  );
  if (!odd) return;
  throw new ConfigError(
    field,
    text,
    "has an empty part, '.' or '..' between its slashes",
    "write parts with one slash between them, e.g. 'shop/limits'",
  );
}

function isWellFormed(text: string): boolean {
  return Buffer.from(text, 'utf8').toString('utf8') === text;
}
