import type { IncomingHttpHeaders } from 'node:http';
import { status } from '@grpc/grpc-js';
import {
  type Address,
  type Check,
  ConfigError,
  isLoopbackHost,
  listOf,
  namesLoopback,
} from '@micromesh/core';
import { GatewayError } from './gateway-error.js';

/** Whom the gateway takes for its own. */
export interface OwnHosts {
  /** Whether it listens on the loopback: there a page's own name in `Host` means DNS rebinding. */
  readonly onLoopback: boolean;
  /** Names of hosts, in lower case. */
  readonly trusted: ReadonlySet<string>;
}

/** Whether only this machine reaches an address over TCP. */
export function isLoopback(address: Address): boolean {
  return address.kind === 'tcp' && isLoopbackHost(address.host);
}

/**
 * Reads hosts to trust; their names come in lower case.
 *
 * @throws ConfigError when it is no list, or one is no bare name of a host.
 */
export function readTrustedHosts(hosts: readonly string[]): ReadonlySet<string> {
  listOf(hostName, "names of hosts: ['api.example.com']")('trustedHosts', hosts);
  return new Set(hosts.map((host) => host.toLowerCase()));
}

const hostName: Check = (field, value) => {
  if (typeof value === 'string' && nameOf(value.toLowerCase()) === value.toLowerCase()) return;
  throw new ConfigError(
    field,
    value,
    'is no name of a host',
    'write it without scheme and port: api.example.com',
  );
};

/**
 * Refuses, on the loopback, what is sent to another name than its own: a page that had its name point here.
 *
 * @throws GatewayError with 403.
 */
export function refuseForeignHost(headers: IncomingHttpHeaders, { onLoopback, trusted }: OwnHosts): void {
  const host = hostHeader(headers);
  if (!onLoopback || namesLoopback(host) || trusted.has(nameOf(host) ?? '')) return;
  throw forbidden(`the gateway listens on the loopback, and answers to its names, not to the host "${host}"`);
}

/**
 * Refuses what a browser sends for a page of another site. Browsers send such requests without asking first (a GET, a form, a POST
 * without a body), and the call would be made though the page cannot read its answer.
 *
 * @throws GatewayError with 403.
 */
export function refuseForeignPages(headers: IncomingHttpHeaders, { trusted }: OwnHosts): void {
  const { origin } = headers;
  const page = origin === undefined ? undefined : hostOf(origin);
  if (page !== undefined && trusted.has(nameOf(page) ?? '')) return;
  // The browser knows best: where a proxy changes Host, Origin differs from it for the gateway's own pages, too.
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin' || site === 'none') return;
  if (site === undefined && (origin === undefined || page === hostHeader(headers))) return;
  const message = `pages of another site (${origin ?? `sec-fetch-site: ${site}`}) cannot make calls`;
  const mend = "to allow it, name its host in trustedHosts, or its origin in the rule's corsPolicy";
  throw new GatewayError(status.PERMISSION_DENIED, `${message}; ${mend}`, 403);
}

function hostHeader({ host = '' }: IncomingHttpHeaders): string {
  return host.toLowerCase();
}

function forbidden(message: string): GatewayError {
  return new GatewayError(status.PERMISSION_DENIED, `${message}; to allow it, name it in trustedHosts`, 403);
}

/** The host and port of an origin; undefined where it has none: `null`. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** The name in `name:port`; undefined where it is neither that nor a bare name. */
function nameOf(host: string): string | undefined {
  return /^(\[[\da-f:.]+\]|[\w.-]+)(?::\d+)?$/.exec(host)?.[1];
}
