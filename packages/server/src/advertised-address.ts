import { networkInterfaces } from 'node:os';
import { type Address, ConfigError, parseAddress } from '@micromesh/core';

/** The addresses of this machine, as `os.networkInterfaces()` gives them. */
export type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * The address that goes to the registry.
 *
 * @param advertise - `auto`: the host that the server listens on where that is one; for `0.0.0.0` and `[::]` the machine's
 *   first address that is not internal, else `127.0.0.1`. Otherwise an address; its port 0 means the port listened on.
 * @param listening - with the port that was really bound.
 * @throws ConfigError when `advertise` is no address, or has port 0 where a Unix socket is listened on.
 */
export function advertisedAddress(
  advertise: string,
  listening: Address,
  interfaces: () => Interfaces = networkInterfaces,
): Address {
  if (advertise !== 'auto') {
    const address = parseAddress(advertise, 'start.advertise');
    if (address.kind === 'unix' || address.port !== 0) return address;
    if (listening.kind === 'tcp') return { ...address, port: listening.port };
    throw new ConfigError(
      'start.advertise',
      advertise,
      'has no port, and neither has the Unix socket that is listened on',
      'give the port that clients reach',
    );
  }
  if (listening.kind === 'unix') return listening;
  if (listening.host === '0.0.0.0')
    return { ...listening, host: firstOf('IPv4', interfaces()) ?? '127.0.0.1' };
  if (!isAnyIpv6(listening.host)) return listening;
  const found = interfaces();
  return { ...listening, host: firstOf('IPv4', found) ?? firstOf('IPv6', found) ?? '127.0.0.1' };
}

function isAnyIpv6(host: string): boolean {
  return host.includes(':') && /^[0:]+$/.test(host);
}

function firstOf(family: 'IPv4' | 'IPv6', interfaces: Interfaces): string | undefined {
  for (const addresses of Object.values(interfaces)) {
    for (const each of addresses ?? []) {
      // A link-local address means nothing without the name of an interface of this machine.
      if (!each.internal && each.family === family && !/^fe[89ab]/i.test(each.address)) return each.address;
    }
  }
  return undefined;
}
