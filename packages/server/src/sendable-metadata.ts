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

/**
 * Takes the names off that a response must not carry, and gives the ones that it took.
 *
 * @param metadata - is changed.
 */
export function removeReserved(metadata: Metadata): readonly string[] {
  const removed: string[] = [];
  for (const name of Object.keys(metadata.getMap())) {
    if (!RESERVED.has(name) && !name.startsWith(':')) continue;
    metadata.remove(name);
    removed.push(name);
  }
  return removed;
}
