import { parseAllDocuments, stringify } from 'yaml';
import { readResources } from '../../document/read-resources.js';
import type { ResourceDocument } from '../../document/resource-document.js';
import { findBrokenBound } from '../../document/text-bounds.js';
import type { PolicyText } from '../read-policies.js';

/** One resource as it was written, comments and all, with where it was. */
export interface StoredResource {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly file: string;
  /** The line of the file at which the text begins. */
  readonly line: number;
  readonly text: string;
}

/** What tells resources of one set apart: `VirtualService default/hello`. */
export function resourceId({
  kind,
  namespace,
  name,
}: Pick<StoredResource, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`;
}

/** Cuts texts that can be read into their resources. A resource that stands in a `kind: List` is written anew, without its comments. */
export function cutResources(texts: readonly PolicyText[]): readonly StoredResource[] {
  return texts.flatMap(({ file, text }) => cutDocuments(text).flatMap((part) => resourcesOf(part, file)));
}

interface Part {
  readonly text: string;
  readonly line: number;
}

function cutDocuments(text: string): readonly Part[] {
  if (findBrokenBound(text) !== undefined) return [];
  const parsed = parseAllDocuments(text, { logLevel: 'silent', uniqueKeys: false });
  const parts: Part[] = [];
  let start = 0;
  for (const { range } of Array.isArray(parsed) ? parsed : []) {
    parts.push(trimmed(text, start, range[2]));
    start = range[2];
  }
  return parts;
}

/** Without the line that divides it from the one before. */
function trimmed(text: string, start: number, end: number): Part {
  const part = text.slice(start, end);
  const [lead = ''] = /^(\s*\n)*(---[ \t]*\n(\s*\n)*)?/.exec(part) ?? [];
  const line = 1 + newLines(text.slice(0, start)) + newLines(lead);
  return { line, text: `${part.slice(lead.length).trimEnd()}\n` };
}

function resourcesOf({ text, line }: Part, file: string): readonly StoredResource[] {
  const { documents } = readResources(text, file);
  return documents.map((document) => {
    const { kind, name, namespace = 'default', locate } = document;
    const base = { kind, namespace, name, file };
    if (documents.length === 1) return { ...base, line, text };
    return { ...base, line: line - 1 + locate([]).line, text: rewritten(document) };
  });
}

function rewritten({ apiVersion, kind, metadata, spec }: ResourceDocument): string {
  return stringify({ apiVersion, kind, metadata, spec });
}

function newLines(text: string): number {
  return text.split('\n').length - 1;
}
