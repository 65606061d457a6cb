import { ConfigError } from './errors.js';

/** Where a node listens: a TCP host and port, or a Unix socket. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Writes an address the one way it is written everywhere: `10.0.0.1:80`, `[::1]:80`, `unix:/path`. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/**
 * Reads what {@link formatAddress} writes.
 *
 * @param text - `host:port`, `[v6]:port` or `unix:/path`; the port is 0 to 65535.
 * @param field - the name of the option that holds the text, for the message.
 * @throws ConfigError when the text is none of these.
 */
export function parseAddress(text: string, field = 'address'): Address {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    if (path === '') throw notAnAddress(text, field);
    return { kind: 'unix', path };
  }
  const match = /^(?:\[([\w:.%]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port <= 65535)) throw notAnAddress(text, field);
  return { kind: 'tcp', host, port };
}

function notAnAddress(text: string, field: string): ConfigError {
  return new ConfigError(
    field,
    text,
    'is no address',
    'write host:port, [ipv6]:port or unix:/path; the port is 0 to 65535',
  );
}
