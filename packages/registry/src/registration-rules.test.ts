import { ConfigError } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { checkRegistration, MAX_LABELS } from './registration-rules.js';
import type { Registration } from './registry.js';

const good: Registration = {
  service: { name: 'hello' },
  id: 'hello-1',
  address: { kind: 'tcp', host: '10.0.0.1', port: 80 },
  version: '1.0.0',
  labels: { zone: 'a' },
  weight: 1,
  check: 'auto',
};

function tcp(host: string, port: number): Partial<Registration> {
  return { address: { kind: 'tcp', host, port } };
}

describe('checkRegistration', () => {
  it.each<[string, Partial<Registration>]>([
    ['a longest name', { service: { name: 'a'.repeat(63) } }],
    ['a socket', { address: { kind: 'unix', path: '/run/hello' } }],
    ['an IPv6 address', tcp('::1', 80)],
    ['a Kubernetes label', { labels: { 'app.kubernetes.io/name': 'hello' } }],
  ])('takes %s', (_, change) => {
    expect(() => checkRegistration({ ...good, ...change })).not.toThrow();
  });

  it.each<[string, Partial<Registration>, string]>([
    ['a name with a slash', { service: { name: 'a/b' } }, 'service: "a/b"'],
    ['a name with a dot', { service: { name: 'hello.v1' } }, 'service: "hello.v1"'],
    ['a name that is too long', { service: { name: 'a'.repeat(64) } }, 'service: '],
    ['an empty name', { service: { name: '' } }, 'service: ""'],
    ['an id with a space', { id: 'a b' }, 'id: "a b"'],
    ['the address of all interfaces', tcp('0.0.0.0', 80), 'address: "0.0.0.0:80"'],
    ['the IPv6 address of all interfaces', tcp('::', 80), 'address: "[::]:80"'],
    ['a port of 0', tcp('10.0.0.1', 0), 'address: "10.0.0.1:0"'],
    ['a weight of 0', { weight: 0 }, 'weight: 0'],
    ['half a weight', { weight: 1.5 }, 'weight: 1.5'],
    ['a weight that DNS cannot hold', { weight: 70_000 }, 'weight: 70000'],
    ['a label value that is too long', { labels: { zone: 'ä'.repeat(257) } }, 'labels.zone: '],
    ['half a character', { labels: { '\ud800': 'x' } }, 'labels: '],
    ['a label without a name', { labels: { '': 'x' } }, 'labels: ""'],
    [
      'too many labels',
      { labels: Object.fromEntries(Array.from({ length: MAX_LABELS + 1 }, (_, n) => [`l${n}`, ''])) },
      'labels: 57',
    ],
  ])('refuses %s, and names it', (_, change, message) => {
    const check = () => checkRegistration({ ...good, ...change });
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(message);
  });
});
