import type { BlockingWait } from './blocking-query.js';

/** A wait as Consul's query has it. */
export function waitQuery(wait: BlockingWait | undefined): {
  readonly index?: string;
  readonly wait?: string;
} {
  return wait === undefined ? {} : { index: String(wait.index), wait: `${Math.round(wait.waitMs)}ms` };
}

/** How long the answer to a wait may take: Consul adds up to a sixteenth, so that not all clients come back at once. */
export function answerTimeoutMs(
  { waitMs }: BlockingWait,
  { requestTimeoutMs }: { readonly requestTimeoutMs: number },
): number {
  return waitMs + waitMs / 16 + requestTimeoutMs;
}
