import { describe, expect, it } from 'vitest';
import { parseAgentAddress } from './consul/agent-address.js';
import { registryFrom } from './registry-from.js';
import { shownSpec } from './shown-spec.js';

describe('shownSpec', () => {
  it.each([
    'consul://a:1,[::1]:2?dc=dc-1&ns=n.s&partition=p_1&stale=false',
    'consul+https://consul:8501',
    'static:hello=127.0.0.1:5001,127.0.0.1:5002;user=unix:/run/user',
    'memory:shop',
    'embedded',
    'a b',
    '',
  ])('shows %j as it is', (spec) => {
    expect(shownSpec(spec)).toBe(spec);
  });

  it.each([
    ['consul://a:1?token=SECRET', 'consul://a:1?token=...'],
    ['consul://a:1?dc=x&Token=SECRET&stale=true', 'consul://a:1?dc=x&Token=...&stale=true'],
    ['consul://a:1?token=SECRET&token=SECRET', 'consul://a:1?token=...&token=...'],
    ['consul://a:1?token=', 'consul://a:1?token=...'],
    ['consul://a:1?token%3DSECRET=1', 'consul://a:1?...'],
    ['consul://a:1?to ken=SECRET', 'consul://a:1?...'],
    ['consul://a:1?SECRET', 'consul://a:1?...'],
    ['consul://a:1?dc=x;token=SECRET', 'consul://a:1?dc=x;token=...'],
    ['consul://a:1?dc=x%26token=SECRET', 'consul://a:1?dc=...'],
    ['consul://a:1#?token=SECRET', 'consul://a:1#?token=...'],
    ['consul://a:1?token=SECRET#SECRET', 'consul://a:1?token=...#...'],
    ['consul://user:SECRET@a:1/?dc=x', 'consul://...@a:1/?dc=x'],
    ['consul://a:1,user:SECRET@b:2', 'consul://...@b:2'],
    ['http://user:SE/C?R#ET@SECRET@a:1', 'http://...@a:1'],
    ['user:SECRET@a:1', '...@a:1'],
    ['consul:user:SECRET@a', '...@a'],
    ['consul://a:1?token=SECRET\nSECRET', 'consul://a:1?token=...'],
  ])('shows %j as %j', (spec, shown) => {
    expect(shownSpec(spec)).toBe(shown);
  });
});

describe('an error', () => {
  it.each([
    'consul://127.0.0.1:8500?Token=SECRET',
    'consul://127.0.0.1:8500?acl=1&token=a&token=SECRET',
    'consul://user:SECRET@127.0.0.1:8500',
    'consul://127.0.0.1:8500#?token=SECRET',
    'consul://h:1/v1/x?token=SECRET',
    'http://127.0.0.1:8500?token=SECRET',
    'consul://127.0.0.1:8500?token%3DSECRET=1',
    'consul://127.0.0.1:8500?token=x&SECRET%20=1',
    'consul://h?to ken=SECRET',
    'consul://h:1?x-consul-token=SECRET',
    'Consul://h?token=SECRET',
    'embedded:?token=SECRET',
    'static:token?token=SECRET',
    'static:hello=a:1?token=SECRET',
    'consul://127.0.0.1:99999?token=SECRET',
  ])('does not tell the secret of %s', (spec) => {
    const error = thrownBy(() => registryFrom(spec, { env: {} }));
    expect(`${error.message} ${JSON.stringify(error)}`).not.toMatch(/SECRET/);
  });

  it('does not tell the secret of CONSUL_HTTP_ADDR', () => {
    const env = { CONSUL_HTTP_ADDR: 'http://user:SECRET@127.0.0.1:8500' };
    const error = thrownBy(() => registryFrom('consul:', { env }));
    expect(error.message).toMatch(/^CONSUL_HTTP_ADDR: "http:\/\/\.\.\.@127\.0\.0\.1:8500" is no address/);
    expect(JSON.stringify(error)).not.toMatch(/SECRET/);
  });

  it('does not tell the secret of an address', () => {
    const error = thrownBy(() => parseAgentAddress('http://a:1?token=SECRET', 'address', false));
    expect(`${error.message} ${JSON.stringify(error)}`).not.toMatch(/SECRET/);
  });
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
