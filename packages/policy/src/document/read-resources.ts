import { LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import type { FieldPath, Finding, Position, Problem } from '../problem.js';
import { formatPath } from '../problem.js';
import { readEnvelope } from './envelope.js';
import { offsetOf, type Place } from './place.js';
import { toPlainDocument } from './plain-document.js';
import { isPlainObject, type PlainObject, type PlainValue } from './plain-value.js';
import { problemAt, type ResourceDocument } from './resource-document.js';
import { findBrokenBound } from './text-bounds.js';

/** Syntax errors that are told of one text; one mistake makes many. */
const MAX_SYNTAX_PROBLEMS = 10;

/** What a text says, and what of it cannot be read. */
export interface ReadResult {
  readonly documents: readonly ResourceDocument[];
  readonly problems: readonly Problem[];
}

/**
 * Reads a text of YAML (any number of documents, `kind: List` too) or JSON. Never throws: what cannot be read is a problem.
 *
 * @param text - up to 262,144 characters; 64 brackets deep; indented up to column 200.
 * @param file - names the text in problems and in `explain`.
 */
export function readResources(text: string, file: string): ReadResult {
  const lines = new LineCounter();
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems: Problem[] = [];
  const find = (offset: number, path: FieldPath, message: string, fix: string) =>
    problems.push({ severity: 'error', file, ...positionOf(offset), path: formatPath(path), message, fix });
  const bound = findBrokenBound(text);
  if (bound !== undefined) {
    addLines(lines, text);
    find(bound.offset, [], bound.message, bound.fix);
    return { documents: [], problems };
  }
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    // The library compares each key with all before it: plain-document.ts finds them in a set.
    uniqueKeys: false,
    strict: true,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const documents: ResourceDocument[] = [];
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const errors: readonly YAMLError[] = [...document.errors, ...document.warnings];
    for (const error of errors.slice(0, MAX_SYNTAX_PROBLEMS)) {
      find(
        error.pos[0],
        [],
        `YAML: ${firstLine(error.message)}`,
        'mend the syntax; nothing of this document was read',
      );
    }
    if (errors.length > 0 || document.contents === null) continue;
    const { value, place, findings } = toPlainDocument(document);
    for (const each of findings) find(each.offset, each.path, each.message, each.fix);
    // Two lines of dashes have an empty document between them.
    if (value === null && findings.length === 0) continue;
    for (const [prefix, item] of itemsOf(value)) {
      const read = readResource(item, prefix, place, file, positionOf, problems);
      if (read !== undefined) documents.push(read);
    }
  }
  return { documents, problems };
}

function readResource(
  value: PlainValue,
  prefix: FieldPath,
  place: Place,
  file: string,
  positionOf: (offset: number) => Position,
  problems: Problem[],
): ResourceDocument | undefined {
  const locate = (path: FieldPath) => positionOf(offsetOf(place, [...prefix, ...path]));
  const find = (finding: Finding) => problems.push(problemAt({ file, locate }, finding));
  const envelope = readEnvelope(value, find);
  return envelope === undefined ? undefined : { ...envelope, file, locate };
}

/** `kubectl get -o yaml` writes several resources as one List. */
function itemsOf(value: PlainValue): readonly (readonly [FieldPath, PlainValue])[] {
  const items = listItems(value);
  if (items === undefined) return [[[], value]];
  return items.map((item, index) => [['items', index], item] as const);
}

const LIST_FIELDS = new Set(['apiVersion', 'kind', 'metadata', 'items']);

function listItems(value: PlainValue): readonly PlainValue[] | undefined {
  if (!isPlainObject(value) || value.kind !== 'List' || !isList(value.items)) return undefined;
  // A List with anything else in it is read as a resource, and refused as one.
  return Object.keys(value satisfies PlainObject).every((name) => LIST_FIELDS.has(name))
    ? value.items
    : undefined;
}

function isList(value: PlainValue | undefined): value is readonly PlainValue[] {
  return Array.isArray(value);
}

function addLines(lines: LineCounter, text: string): void {
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
