import { ConfigError } from '@micromesh/core';

/** Where policies are in a key-value store unless somebody says otherwise. */
export const DEFAULT_PREFIX = 'micromesh/policies';

/** @throws ConfigError when it is no beginning of keys. */
export function checkPolicyPrefix(prefix: string): string {
  const isPrefix = typeof prefix === 'string' && /^[\w.-]+(\/[\w.-]+)*$/.test(prefix) && prefix.length <= 200;
  if (isPrefix) return prefix;
  throw new ConfigError(
    'prefix',
    prefix,
    'is no beginning of keys',
    `write letters, digits, '-', '_' and '.' in parts with one slash between them, e.g. '${DEFAULT_PREFIX}'`,
  );
}
