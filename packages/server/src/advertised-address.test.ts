import { describe, expect, it } from 'vitest';
import { advertisedAddress, type Interfaces } from './advertised-address.js';

function net(address: string, family: 'IPv4' | 'IPv6', internal = false) {
  const rest = { address, netmask: '', mac: '', internal, cidr: null };
  return family === 'IPv4' ? { ...rest, family } : { ...rest, family, scopeid: 0 };
}

const machine: Interfaces = {
  lo: [net('127.0.0.1', 'IPv4', true), net('::1', 'IPv6', true)],
  eth0: [net('fe80::1', 'IPv6'), net('2001:db8::5', 'IPv6'), net('10.0.0.5', 'IPv4')],
};
const v6only: Interfaces = { eth0: [net('fe80::1', 'IPv6'), net('2001:db8::5', 'IPv6')] };
const tcp = (host: string, port = 5001) => ({ kind: 'tcp', host, port }) as const;

describe('the advertised address', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['10.1.2.3', '10.1.2.3'],
    ['::1', '::1'],
    ['localhost', 'localhost'],
    ['0.0.0.0', '10.0.0.5'],
    ['::', '10.0.0.5'],
    ['0:0:0:0:0:0:0:0', '10.0.0.5'],
  ])('is, for %s listened on, %s', (host, expected) => {
    expect(advertisedAddress('auto', tcp(host), () => machine)).toEqual(tcp(expected));
  });

  it('refuses port 0 where there is no port that it could mean', () => {
    expect(() => advertisedAddress('10.1.2.3:0', { kind: 'unix', path: '/x' })).toThrow(
      'start.advertise: "10.1.2.3:0" has no port, and neither has the Unix socket that is listened on; give the port that clients reach',
    );
  });

  it('falls back to IPv6, then to loopback', () => {
    expect(advertisedAddress('auto', tcp('::'), () => v6only)).toEqual(tcp('2001:db8::5'));
    expect(advertisedAddress('auto', tcp('0.0.0.0'), () => v6only)).toEqual(tcp('127.0.0.1'));
    expect(advertisedAddress('auto', tcp('::'), () => ({}))).toEqual(tcp('127.0.0.1'));
  });

  it('is what the user says, where port 0 means the port listened on', () => {
    expect(advertisedAddress('192.0.2.7:80', tcp('0.0.0.0'))).toEqual(tcp('192.0.2.7', 80));
    expect(advertisedAddress('host.example:0', tcp('0.0.0.0'))).toEqual(tcp('host.example', 5001));
    const socket = { kind: 'unix', path: '/run/hello.sock' } as const;
    expect(advertisedAddress('auto', socket)).toEqual(socket);
    expect(() => advertisedAddress('10.0.0.5', tcp('0.0.0.0'))).toThrow(
      'start.advertise: "10.0.0.5" is no address',
    );
  });
});
