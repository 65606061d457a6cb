import { networkInterfaces } from 'node:os';
import type { Metadata } from '@grpc/grpc-js';
import type { HashSource } from '@micromesh/policy';

/** Works out the key of one call; undefined: it has none, and goes to any node. */
export type HashKeyOf = (call: { readonly metadata: Metadata }) => string | undefined;

/** The addresses that a request came by, its client's first: what an HTTP gateway hands on. */
const FORWARDED_FOR = 'x-forwarded-for';

/** The path and query of the HTTP request that a call was made of: Envoy's gRPC-JSON transcoder names it so. */
const ORIGINAL_PATH = 'x-envoy-original-path';

/** Where an operator finds the keys of calls. */
export function hashKeyOf(source: HashSource): HashKeyOf {
  switch (source.kind) {
    case 'header':
      return ({ metadata }) => firstValue(metadata, source.name);
    case 'cookie':
      return ({ metadata }) => cookieOf(metadata, source.name);
    case 'queryParam':
      return ({ metadata }) => queryParamOf(metadata, source.name);
    case 'sourceIp': {
      const own = ownAddress();
      return ({ metadata }) => firstValue(metadata, FORWARDED_FOR)?.split(',', 1)[0]?.trim() || own;
    }
  }
}

function firstValue(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  // As it is on the wire.
  return typeof value === 'object' ? value.toString('base64') : value;
}

/** Source: Envoy's Http::Utility::parseCookieValue: the first of that name, spaces and quotes around the value taken off. */
function cookieOf(metadata: Metadata, name: string): string | undefined {
  for (const header of metadata.get('cookie')) {
    for (const pair of String(header).split(';')) {
      const equals = pair.indexOf('=');
      if (equals === -1 || pair.slice(0, equals).trim() !== name) continue;
      const value = pair.slice(equals + 1).trim();
      return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    }
  }
  return undefined;
}

function queryParamOf(metadata: Metadata, name: string): string | undefined {
  const path = firstValue(metadata, ORIGINAL_PATH);
  const question = path?.indexOf('?') ?? -1;
  if (path === undefined || question === -1) return undefined;
  return new URLSearchParams(path.slice(question + 1)).get(name) ?? undefined;
}

/** The address by which others see this machine; of several the first, of none that of the loopback. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outer = all.filter(({ internal }) => !internal);
  const own = outer.find(({ family }) => family === 'IPv4') ?? outer[0];
  return own?.address ?? '127.0.0.1';
}
