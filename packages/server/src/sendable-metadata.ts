import type { Metadata } from '@grpc/grpc-js';

// HTTP/2 forbids the first five (Node throws from inside an event of the stream, where nobody catches it); gRPC owns the rest.
const RESERVED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'te',
  'host',
  'date',
  'content-type',
  'content-length',
  'grpc-status',
  'grpc-message',
  'grpc-encoding',
  'grpc-accept-encoding',
  'grpc-timeout',
]);

// Node throws when it is to send more than one value of these.
const SINGLE = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-encoding',
  'content-language',
  'content-location',
  'content-md5',
  'content-range',
  'dnt',
  'etag',
  'expires',
  'from',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
]);

/** What of some metadata a response can carry. */
export interface Sendable {
  /** A copy: what is changed in the original while the response waits for its turn cannot spoil it. */
  readonly metadata: Metadata;
  /** The names that it must not carry, left out. */
  readonly reserved: readonly string[];
  /** The names that HTTP/2 takes one value of, and that had more: the last one is kept. */
  readonly repeated: readonly string[];
}

/** A copy without what HTTP/2, Node or gRPC do not let a response carry. */
export function sendableOf(original: Metadata): Sendable {
  const metadata = original.clone();
  const reserved = removeReserved(metadata);
  const repeated: string[] = [];
  for (const name of Object.keys(metadata.getMap())) {
    if (!SINGLE.has(name)) continue;
    const values = metadata.get(name);
    const last = values.at(-1);
    if (values.length < 2 || last === undefined) continue;
    metadata.set(name, last);
    repeated.push(name);
  }
  return { metadata, reserved, repeated };
}

/**
 * Takes the names off that a response must not carry, and gives the ones that it took.
 *
 * @param metadata - is changed.
 */
export function removeReserved(metadata: Metadata): readonly string[] {
  const removed: string[] = [];
  for (const name of Object.keys(metadata.getMap())) {
    if (!RESERVED.has(name) && !name.includes(':')) continue;
    metadata.remove(name);
    removed.push(name);
  }
  return removed;
}
