import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.js';

/** Consul's limit of a value (`kv_max_value_size`); here it bounds every body. */
const MAX_BODY_BYTES = 524_288;
/** What is still read of a body that is too large, so that the client sees the answer instead of a reset. */
const MAX_DISCARDED_BYTES = 4 * MAX_BODY_BYTES;

/**
 * Reads the body of a request.
 *
 * @throws Refusal 413 when it is larger than 512 KiB.
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_DISCARDED_BYTES) break;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BODY_BYTES) {
    const bytes = Math.max(size, announced);
    throw new Refusal(413, `Request body(${bytes} bytes) too large, max size: ${MAX_BODY_BYTES} bytes.`, {
      Connection: 'close',
    });
  }
  return Buffer.concat(chunks);
}
