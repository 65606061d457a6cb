import { ConfigError } from '@micromesh/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { Registry } from './registry.js';
import { registryFrom } from './registry-from.js';

const opened: Registry[] = [];

function open(spec: string, env: Record<string, string> = {}): Registry {
  const registry = registryFrom(spec, { env });
  opened.push(registry);
  return registry;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((registry) => registry.close()));
});

const node = {
  service: { name: 'hello' },
  id: 'hello-1',
  address: { kind: 'tcp', host: '127.0.0.1', port: 5001 },
  version: '',
  labels: {},
  weight: 1,
  check: 'auto',
} as const;

function idsIn(registry: Registry): string[] {
  const { state } = registry.watch({ name: 'hello' });
  return state.kind === 'current' ? state.snapshot.nodes.map((each) => each.id) : [];
}

describe('registryFrom', () => {
  it('gives a registry back as it is', () => {
    const registry = open('memory:');
    expect(registryFrom(registry)).toBe(registry);
  });

  it('makes a memory registry of its own for each `memory:`', async () => {
    const [a, b] = [open('memory:'), open('memory:')];
    await a.register(node);
    expect(idsIn(a)).toEqual(['hello-1']);
    expect(idsIn(b)).toEqual([]);
  });

  it('shares a memory registry by name', async () => {
    const [a, b, other] = [open('memory:shop'), open('memory:shop'), open('memory:bank')];
    const registered = await a.register(node);
    expect(idsIn(b)).toEqual(['hello-1']);
    expect(idsIn(other)).toEqual([]);
    await registered.deregister();
  });

  it('forgets a name when nobody uses it any more', async () => {
    const a = registryFrom('memory:gone');
    const registered = await a.register(node);
    await a.close();
    await registered.deregister();
    expect(idsIn(open('memory:gone'))).toEqual([]);
  });

  it('reads lists of addresses', () => {
    const registry = open('static:hello=127.0.0.1:5001, [::1]:5002;user=unix:/run/user');
    expect(idsIn(registry)).toEqual(['hello@127.0.0.1:5001', 'hello@[::1]:5002']);
  });

  it.each([
    ['consul://127.0.0.1:8501', {}, 'consul 127.0.0.1:8501'],
    ['consul://consul', {}, 'consul consul:8500'],
    ['consul://[::1]:8500', {}, 'consul [::1]:8500'],
    ['consul://a:1,b:2/?dc=dc2&stale=false', {}, 'consul a:1,b:2'],
    ['consul+https://a:8501', {}, 'consul https://a:8501'],
    ['consul://a:8501', { CONSUL_HTTP_SSL: 'true' }, 'consul https://a:8501'],
    ['consul:', { CONSUL_HTTP_ADDR: 'http://b:8502' }, 'consul b:8502'],
    ['consul:', {}, 'consul 127.0.0.1:8500'],
    ['consul://127.0.0.1:1?token=secret', {}, 'consul 127.0.0.1:1'],
  ])('reads %s', (spec, env, description) => {
    expect(open(spec, env).description).toBe(description);
  });

  it('makes the registry that joins or starts the dev agent, which asks nobody yet', () => {
    expect(open('embedded').description).toMatch(/^(embedded|dev agent)/);
    expect(() => open('embedded', { NODE_ENV: 'production' })).toThrow(ConfigError);
  });

  it.each([
    ['embedded:8555', 'takes nothing after it'],
    ['zookeeper://x', 'registry: "zookeeper://x" is no registry'],
    ['consul+http://a:1?token=secret', 'is no registry'],
    ['', 'is no registry'],
    ['consul://a:b:c', 'address: "a:b:c"'],
    ['consul://a:99999', 'address: "a:99999"'],
    ['consul://a:1/path', 'is no Consul address'],
    ['consul://a:1?datacenter=x&token=secret', 'has an unknown parameter datacenter; it takes dc, ns'],
    ['static:', 'does not name nodes'],
    ['static:hello', 'does not name nodes'],
    ['static:hello=', 'static.hello: []'],
    ['static:hello=x', 'static.hello: "x"'],
  ])('refuses %j, and says what can be written', (spec, message) => {
    expect(() => open(spec)).toThrow(ConfigError);
    expect(() => open(spec)).toThrow(message);
    expect(() => open(spec)).not.toThrow(/secret/);
  });
});
