import { ConfigError } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { staticRegistry } from './static.js';

describe('staticRegistry', () => {
  it('knows its nodes at once, and that others have none', () => {
    const registry = staticRegistry({ hello: ['127.0.0.1:5001', '[::1]:5002', 'unix:/run/hello'] });
    const { state } = registry.watch({ name: 'hello' });
    expect(state.kind === 'current' && state.snapshot.nodes.map((node) => [node.id, node.address])).toEqual([
      ['hello@127.0.0.1:5001', { kind: 'tcp', host: '127.0.0.1', port: 5001 }],
      ['hello@[::1]:5002', { kind: 'tcp', host: '::1', port: 5002 }],
      ['hello@unix:/run/hello', { kind: 'unix', path: '/run/hello' }],
    ]);
    expect(registry.watch({ name: 'user' }).state).toEqual({
      kind: 'current',
      snapshot: { service: { name: 'user' }, nodes: [] },
    });
  });

  it('lists its services', async () => {
    const registry = staticRegistry({ user: ['h:1'], hello: ['h:2'] });
    expect(await registry.services()).toEqual([
      { service: { name: 'hello' }, tags: [] },
      { service: { name: 'user' }, tags: [] },
    ]);
  });

  it('refuses registrations, and says what to do instead', async () => {
    const registration = {
      service: { name: 'hello' },
      id: 'x',
      address: { kind: 'unix', path: '/x' },
      version: '',
      labels: {},
      weight: 1,
      check: 'auto',
    } as const;
    await expect(staticRegistry({ hello: ['h:1'] }).register(registration)).rejects.toThrow(
      /register: false/,
    );
  });

  it.each([
    ['no address', { hello: ['nonsense'] }, 'static.hello: "nonsense"'],
    ['a port of 0', { hello: ['127.0.0.1:0'] }, 'static.hello: "127.0.0.1:0"'],
    ['an empty list', { hello: [] }, 'static.hello: [] is no list of addresses; give at least one'],
    [
      'no services',
      undefined,
      "static: undefined is no object; give addresses by service name: { hello: ['127.0.0.1:5001'] }",
    ],
    ['a list of addresses of no service', ['127.0.0.1:5001'], 'static: ["127.0.0.1:5001"] is no object'],
    ['one address', { hello: 'h:1' }, 'static.hello: "h:1" is no list; give addresses: [\'127.0.0.1:5001\']'],
    ['what is no text', { hello: [5001] }, 'static.hello[0]: 5001 is not a string; give a string'],
  ])('refuses %s', (_, services, message) => {
    // As JavaScript may call it.
    const open = () => Reflect.apply(staticRegistry, undefined, [services]);
    expect(open).toThrow(ConfigError);
    expect(open).toThrow(message);
  });
});
