import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { isPlainObject, type PlainValue } from './document/plain-value.js';
import { readResources } from './document/read-resources.js';
import type { ResourceDocument } from './document/resource-document.js';
import { type FieldPath, formatPath, type Problem } from './problem.js';
import { isKind, KINDS } from './schema/kinds.js';
import { schemaAt } from './schema/walk.js';
import { Finder, startsWith } from './validate/finder.js';
import { type ReadSpec, readSpec } from './validate/read-spec.js';
import { validate } from './validate/validate.js';

/** More by MICROMESH_POLICY_MUTATIONS=100000. */
const RUNS = Number(process.env.MICROMESH_POLICY_MUTATIONS ?? 500);
/** Longer than any takes, on a busy machine too. */
const HANG_MS = 5000;

const SOURCES = [...texts('valid'), ...texts('broken')];

function texts(folder: string): readonly string[] {
  const url = new URL(`../fixtures/${folder}/`, import.meta.url);
  return readdirSync(url).map((file) => readFileSync(new URL(file, url), 'utf8').replace(/ #[EW] .*$/gm, ''));
}

/** One change of a text. */
type Mutation = (text: string) => string;

/** A place in the text as a share of its length. */
const place = fc.double({ min: 0, max: 0.999_999, noNaN: true });
const bit = fc.constantFrom(
  ...[
    '[',
    ']',
    '{',
    '}',
    ':',
    ': ',
    '- ',
    ',',
    '"',
    "'",
    '#',
    '&a ',
    '*a',
    '|',
    '>',
    '!',
    '!!binary ',
    '%',
    '@',
    '`',
    '\t',
  ],
  ...[
    '\n',
    '\n\n',
    '---\n',
    '...\n',
    '  ',
    '? ',
    '<<: ',
    'null',
    '~',
    '0',
    '-1',
    '1e999',
    '.nan',
    '0x1f',
    'true',
    'yes',
    '\u0000',
  ],
  ...[
    '__proto__: {}',
    'constructor: a',
    'toString: 1',
    '\ufeff',
    '\u2028',
    '😀',
    '\ud800',
    '1s',
    '""',
    '{}',
    '[]',
    '99999999999999999999',
  ],
);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, bit).map(([at, piece]) => (text: string) => {
    const index = Math.floor(at * text.length);
    return text.slice(0, index) + piece + text.slice(index);
  }),
  fc.tuple(place, fc.integer({ min: 1, max: 12 })).map(([at, length]) => (text: string) => {
    const index = Math.floor(at * text.length);
    return text.slice(0, index) + text.slice(index + length);
  }),
  fc.tuple(place, bit).map(([at, piece]) => onLine(at, (line) => line.replace(/:.*$/, `: ${piece}`))),
  fc.tuple(place, place).map(([from, to]) => (text: string) => {
    const lines = text.split('\n');
    const [line = ''] = lines.splice(Math.floor(from * lines.length), 1);
    lines.splice(Math.floor(to * lines.length), 0, line);
    return lines.join('\n');
  }),
  place.map((at) => onLine(at, (line) => `${line}\n${line}`)),
  place.map((at) => onLine(at, (line) => `  ${line}`)),
  place.map((at) => onLine(at, (line) => line.replace(/([A-Za-z]+):/, '$1x:'))),
  place.map((at) => onLine(at, (line) => line.replace(/(\w)(\w)/, '$2$1'))),
);

function onLine(at: number, change: (line: string) => string): Mutation {
  return (text) => {
    const lines = text.split('\n');
    const index = Math.floor(at * lines.length);
    lines[index] = change(lines[index] ?? '');
    return lines.join('\n');
  };
}

const mutated = fc
  .tuple(fc.constantFrom(...SOURCES), fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([text, mutations]) => mutations.reduce((result, mutate) => mutate(result), text));

/** Every single value below one, with its path. */
function* leavesOf(value: PlainValue, path: FieldPath): Generator<readonly [FieldPath, PlainValue]> {
  if (Array.isArray(value)) {
    const items: readonly PlainValue[] = value;
    if (items.length === 0) yield [path, value];
    for (const [index, item] of items.entries()) yield* leavesOf(item, [...path, index]);
  } else if (isPlainObject(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) yield [path, value];
    for (const [name, entry] of entries) yield* leavesOf(entry, [...path, name]);
  } else yield [path, value];
}

/** What was read of a `spec`, by the path in the document; a duration is the text that it was read of. */
function keptOf({ spec, takenOut }: ReadSpec<unknown>): ReadonlyMap<string, unknown> {
  const kept = new Map<string, unknown>();
  const visit = (value: unknown, path: FieldPath) => {
    const text: unknown =
      typeof value === 'object' && value !== null ? Reflect.get(value, 'text') : undefined;
    if (typeof value !== 'object' || value === null) kept.set(formatPath(takenOut.original(path)), value);
    else if (typeof text === 'string' && 'ms' in value) kept.set(formatPath(takenOut.original(path)), text);
    else if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item, [...path, index]);
    else {
      if (Object.keys(value).length === 0) kept.set(formatPath(takenOut.original(path)), value);
      for (const [name, entry] of Object.entries(value)) visit(entry, [...path, name]);
    }
  };
  visit(spec, ['spec']);
  return kept;
}

/** Whether a problem is about a field, what is in it, or what it is in. */
function isNamed(problems: readonly Problem[], path: FieldPath): boolean {
  return path.some((_, index) => {
    const part = formatPath(path.slice(0, index + 1));
    return problems.some((problem) => problem.path === part);
  });
}

/** The fields of a document that are neither read, nor named by a problem, nor left out with what they are in for one that is. */
function lostOf(document: ResourceDocument, problems: readonly Problem[]): readonly string[] {
  if (!isKind(document.kind)) return problems.some(({ path }) => path.endsWith('kind')) ? [] : ['kind'];
  const schema: z.ZodType = KINDS[document.kind].spec;
  const read = readSpec(schema, document.spec, new Finder());
  const kept = keptOf(read);
  const lost: string[] = [];
  for (const [path, value] of leavesOf(document.spec, ['spec'])) {
    const at = formatPath(path);
    if (kept.has(at) && JSON.stringify(kept.get(at)) === JSON.stringify(value)) continue;
    if (isNamed(problems, path)) continue;
    const isLeftOut = read.takenOut.broken.some(
      (whole) => startsWith(path, whole) && problems.some((each) => each.path.startsWith(formatPath(whole))),
    );
    // It was looked at where the schema knows it.
    if (!isLeftOut || schemaAt(schema, path.slice(1)) === undefined) lost.push(at);
  }
  return lost;
}

/** What the YAML library itself makes of a text, for a text that it takes. */
function specsByLibrary(text: string): readonly unknown[] {
  const specs: unknown[] = [];
  for (const document of parseAllDocuments(text, { logLevel: 'silent' })) {
    // A key that is there twice, for one.
    expect(document.errors).toEqual([]);
    const value: unknown = document.toJS();
    if (typeof value !== 'object' || value === null) continue;
    const { items, kind, spec = {} }: { items?: unknown; kind?: unknown; spec?: unknown } = value;
    if (kind === 'List' && Array.isArray(items))
      for (const item of items) specs.push(Reflect.get(Object(item), 'spec') ?? {});
    else specs.push(spec);
  }
  return specs;
}

describe('a mutated text', () => {
  it(`never crashes, hangs, or loses a field in silence (${RUNS} times)`, {
    timeout: 60_000 + RUNS * 20,
  }, () => {
    let documentsSeen = 0;
    let resourcesSeen = 0;
    fc.assert(
      fc.property(mutated, (text) => {
        const started = performance.now();
        const { documents, problems } = readResources(text, 'file');
        for (const document of documents) {
          const alone = validate([document]);
          documentsSeen++;
          resourcesSeen += alone.resources.length;
          const said = [...problems, ...alone.problems];
          expect({ text, lost: lostOf(document, said) }).toEqual({ text, lost: [] });
          // The resource that is applied is what was read, and it is there whenever nothing is wrong.
          const hasError = alone.problems.some(({ severity }) => severity === 'error');
          expect(alone.resources.length).toBe(hasError ? 0 : 1);
        }
        if (problems.length === 0) expect(documents.map(({ spec }) => spec)).toEqual(specsByLibrary(text));
        const { problems: together } = validate(documents);
        for (const problem of [...problems, ...together]) {
          expect(problem.line).toBeGreaterThanOrEqual(1);
          expect(problem.line).toBeLessThanOrEqual(text.split('\n').length);
          expect(problem.message).not.toBe('');
          expect(problem.fix).not.toBe('');
        }
        expect(performance.now() - started).toBeLessThan(HANG_MS);
      }),
      { numRuns: RUNS },
    );
    expect(documentsSeen).toBeGreaterThan(RUNS / 2);
    expect(resourcesSeen).toBeGreaterThan(RUNS / 20);
  });
});
