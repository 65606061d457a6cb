import { RegistryError } from '../registry.js';
import type { HttpAnswer } from './http-exchange.js';

/** `X-Consul-Index` of an answer; undefined where it has none above 0. */
export function consulIndexOf(answer: HttpAnswer): bigint | undefined {
  const header = answer.headers['x-consul-index'];
  if (typeof header !== 'string' || !/^\d{1,20}$/.test(header)) return undefined;
  const index = BigInt(header);
  return index > 0n ? index : undefined;
}

/**
 * Refuses an empty answer that is empty because of the token: Consul answers 200 and nothing, which would be known emptiness.
 *
 * @param what - what the token may not read, for the message.
 * @throws RegistryError with status 403.
 */
export function refuseFiltered(answer: HttpAnswer, from: string, what: string): void {
  if (answer.headers['x-consul-results-filtered-by-acls'] !== 'true') return;
  throw new RegistryError(`${from}: the token may not read ${what}`, { statusCode: 403 });
}
