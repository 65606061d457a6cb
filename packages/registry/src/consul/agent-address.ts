import { ConfigError } from '@micromesh/core';
import { shownSpec } from '../shown-spec.js';

/** Where a Consul agent answers HTTP. */
export type AgentAddress =
  | { readonly kind: 'tcp'; readonly secure: boolean; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Consul's own port for HTTP. */
const CONSUL_PORT = 8500;

/**
 * Reads an agent's address: `host:port`, `[ipv6]:port`, either with `http://` or `https://` before it, or `unix:///path`;
 * without a port, 8500.
 *
 * @param secure - whether an address without a scheme means https.
 * @throws ConfigError when it is none of these.
 */
export function parseAgentAddress(text: string, field: string, secure: boolean): AgentAddress {
  const unix = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (unix !== undefined) return { kind: 'unix', path: unix };
  const match = /^(?:(https?):\/\/)?(?:\[([0-9a-f:.]+)\]|([^\s:/?#@[\]]+))(?::(\d{1,5}))?\/?$/i.exec(text);
  const host = match?.[2] ?? match?.[3];
  const port = match?.[4] === undefined ? CONSUL_PORT : Number(match[4]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new ConfigError(
      field,
      shownSpec(text),
      'is no address of a Consul agent',
      'write host:port, http://host:port, https://host:port, [ipv6]:port or unix:///path',
    );
  }
  const scheme = match?.[1]?.toLowerCase();
  return { kind: 'tcp', secure: scheme === undefined ? secure : scheme === 'https', host, port };
}

/** Writes an address for people: `127.0.0.1:8500`, `https://consul:8501`, `unix:///run/consul.sock`. */
export function formatAgentAddress(address: AgentAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  return `${address.secure ? 'https://' : ''}${hostInUrl(address.host)}:${address.port}`;
}

/** A host as URLs have it: IPv6 in brackets. */
export function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
