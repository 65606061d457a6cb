import { ConfigError } from '@micromesh/core';
import { expect, it } from 'vitest';
import { requireAgent } from './joined-registry.js';

it.each([
  ['memory:?token=SECRET', '--registry: "memory:?token=..." is no agent'],
  ['http://user:SECRET@127.0.0.1:1', '--registry: "http://...@127.0.0.1:1" is no agent'],
  ['consul://127.0.0.1:1?dc=x&token=SECRET', '"consul://127.0.0.1:1?dc=x&token=..." does not answer'],
])('an error does not tell the secret of %s', async (url, message) => {
  const error: unknown = await requireAgent(url).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toContain(message);
  expect(JSON.stringify(error) + String(error)).not.toContain('SECRET');
});
