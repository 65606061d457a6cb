import type { Kind } from '../schema/kinds.js';
import { withAnnotations, withTables } from './field-tables.js';

const KINDS_OF_PAGE: Readonly<Record<string, readonly Kind[]>> = {
  'virtual-service.md': ['VirtualService'],
  'destination-rule.md': ['DestinationRule'],
  'rate-limit.md': ['RateLimit', 'ConcurrencyLimit'],
};

/** The pages of docs/policies that have tables. */
export const pages: readonly string[] = Object.keys(KINDS_OF_PAGE);

/** A page with its tables as the schema has them now. */
export function withPage(page: string, text: string): string {
  const kinds = KINDS_OF_PAGE[page];
  if (kinds === undefined) throw new Error(`${page} has no tables`);
  return kinds.reduce((written, kind) => withTables(written, kind), withAnnotations(text));
}
