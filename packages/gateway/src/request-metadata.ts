import type { IncomingHttpHeaders } from 'node:http';
import { Metadata, status } from '@grpc/grpc-js';
import { IDEMPOTENCY_KEY } from '@micromesh/core';
import { GatewayError } from './gateway-error.js';

/** What is handed on of an HTTP request. */
export interface HandedOnParts {
  readonly headers: IncomingHttpHeaders;
  /** Path and query, as they are written. */
  readonly url: string;
  /** The other end of the connection; undefined: it has no address. */
  readonly peer: string | undefined;
}

/** As many as a call can bring with what gRPC and the mesh add: a Node server takes 128 and blames nobody but the client. */
const MAX_HEADERS = 96;

/** Of this connection, of this body, of browsers and of the gateway: they say nothing to a service. */
const NOT_HANDED_ON: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'host',
  // The callers of a service share its keys: whoever could choose one could block another's call, or get its answer.
  IDEMPOTENCY_KEY,
  'http2-settings',
  'keep-alive',
  'origin',
  'referer',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'upgrade-insecure-requests',
  'x-envoy-original-path',
  'x-forwarded-for',
]);

/** Beside families of those: what gRPC and the mesh say to each other, which nobody from outside may say in their place. */
const FAMILIES_NOT_HANDED_ON = /^(?:grpc-|micromesh-|proxy-|accept|content-|sec-|access-control-)/;

// What grpc-js takes; a name that begins with a colon is HTTP/2's own.
const NAME = /^[0-9a-z_.-]+$/;
const TEXT = /^[ -~]*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/**
 * The metadata of a call that is made of a request: the request's headers, the addresses that it came by (`x-forwarded-for`, its
 * client's first) and its path with the query (`x-envoy-original-path`), both as Envoy names them. What is no metadata is left out.
 *
 * @throws GatewayError with 431 where the headers are more than a gRPC server takes.
 */
export function requestMetadata({ headers, url, peer }: HandedOnParts): Metadata {
  const metadata = new Metadata();
  const ofConnection = connectionHeaders(headers.connection);
  let count = 0;
  for (const [name, given] of Object.entries(headers)) {
    if (given === undefined || NOT_HANDED_ON.has(name) || FAMILIES_NOT_HANDED_ON.test(name)) continue;
    if (!NAME.test(name) || ofConnection.has(name)) continue;
    for (const value of typeof given === 'string' ? [given] : given) {
      count += addTo(metadata, name, value);
    }
  }
  if (count > MAX_HEADERS) {
    const message = `the request has ${count} headers for its service; send at most ${MAX_HEADERS}`;
    throw new GatewayError(status.RESOURCE_EXHAUSTED, message, 431);
  }
  const came = forwardedFor(headers, peer);
  if (came !== '') metadata.set('x-forwarded-for', came);
  metadata.set('x-envoy-original-path', url.replaceAll(/[^ -~]/g, percentEncoded));
  return metadata;
}

/** Node reads each byte of a request line as a character. */
function percentEncoded(character: string): string {
  return `%${Buffer.from(character, 'latin1').toString('hex').toUpperCase()}`;
}

/** @returns how many values it is: none where it is no metadata. */
function addTo(metadata: Metadata, name: string, value: string): number {
  if (!name.endsWith('-bin')) {
    if (!TEXT.test(value)) return 0;
    metadata.add(name, value);
    return 1;
  }
  const parts = value.split(',').map((part) => part.trim());
  if (!parts.every((part) => part !== '' && BASE64.test(part))) return 0;
  // Each is a header on the wire. The text is short enough to be read, the many buffers are not to be made.
  if (parts.length > MAX_HEADERS) return parts.length;
  for (const part of parts) metadata.add(name, Buffer.from(part, 'base64'));
  return parts.length;
}

/** What else is of this connection alone, by its own word. */
function connectionHeaders(connection = ''): ReadonlySet<string> {
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

function forwardedFor(headers: IncomingHttpHeaders, peer: string | undefined): string {
  const before = [headers['x-forwarded-for'] ?? []].flat().join(', ');
  // A socket of both families writes IPv4 as IPv6.
  const own = peer?.replace(/^::ffff:(?=[\d.]+$)/i, '');
  return [before, own].filter((each) => each !== undefined && each !== '' && TEXT.test(each)).join(', ');
}
