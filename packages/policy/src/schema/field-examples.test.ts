import { describe, expect, it } from 'vitest';
import { isPlainObject, type PlainObject, type PlainValue } from '../document/plain-value.js';
import { type FieldPath, formatPath, type Problem } from '../problem.js';
import { companions, documentOf } from '../testing/example-resource.js';
import { FIELD_EXAMPLES } from '../testing/field-examples.js';
import { validate } from '../validate/validate.js';
import type { FieldMeta } from './field.js';
import { KINDS, type Kind } from './kinds.js';
import { type FieldEntry, fieldsOf, schemaAt, shapeOf } from './walk.js';

const MAP_KEY = 'x-example';

/** Resources that the examples refer to. */
const OTHERS = [
  documentOf('VirtualService', { http: [companions('HTTPRoute', 'route')] }, 'others', 'other'),
  documentOf(
    'DestinationRule',
    { host: 'hello', subsets: [companions('Subset', 'name')] },
    'others',
    'subsets',
  ),
];

/** The path of a field in the resource that {@link specWith} makes. */
function concrete(path: readonly string[]): FieldPath {
  return ['spec', ...path.map((part) => (part === '[]' ? 0 : part === '{}' ? MAP_KEY : part))];
}

/** A right resource in which one field has a value. */
function specWith(kind: Kind, path: readonly string[], value: PlainValue): PlainObject {
  let built: PlainValue = value;
  for (let at = path.length - 1; at >= 0; at--) {
    const part = path[at] ?? '';
    if (part === '[]') built = [built];
    else if (part === '{}') built = { [MAP_KEY]: built };
    else built = { ...companions(messageAt(kind, path.slice(0, at)), part), [part]: built };
  }
  if (!isPlainObject(built)) throw new Error('no spec');
  return built;
}

function messageAt(kind: Kind, path: readonly string[]): string {
  const schema = schemaAt(KINDS[kind].spec, concrete(path).slice(1));
  const shape = schema === undefined ? undefined : shapeOf(schema);
  return shape?.kind === 'object' ? shape.message.name : '';
}

function problemsWith(kind: Kind, path: readonly string[], value: PlainValue): readonly Problem[] {
  const document = documentOf(kind, specWith(kind, path, value), 'example');
  return validate([document, ...OTHERS]).problems.filter(({ file }) => file === 'example');
}

/** What becomes of a field where it stands: that of its first parent that is not applied. */
function statusAt(entry: FieldEntry, all: readonly FieldEntry[]): FieldMeta {
  const parents = all.filter(({ path }) => path.every((part, index) => entry.path[index] === part));
  return parents.find(({ meta }) => meta.status !== 'applied')?.meta ?? entry.meta;
}

describe.each(Object.keys(KINDS).filter((kind): kind is Kind => kind in KINDS))(
  'the fields of %s',
  (kind) => {
    const all = [...fieldsOf(KINDS[kind].spec)];
    const single = all.filter(({ holds }) => holds === '');

    it('all have examples', () => {
      const without = single.filter(
        ({ message, name }) => FIELD_EXAMPLES[`${message}.${name}`] === undefined,
      );
      expect(without.map(({ message, name }) => `${message}.${name}`)).toEqual([]);
    });

    it('take what is right, wherever they stand', () => {
      for (const entry of single) {
        const status = statusAt(entry, all).status;
        for (const value of FIELD_EXAMPLES[`${entry.message}.${entry.name}`]?.valid ?? []) {
          const problems = problemsWith(kind, entry.path, value);
          const where = `${formatPath(concrete(entry.path))}: ${JSON.stringify(value)}: ${JSON.stringify(problems)}`;
          const errors = problems.filter(({ severity }) => severity === 'error');
          if (status === 'notSupported') expect(errors.length, where).toBeGreaterThan(0);
          else expect(errors, where).toEqual([]);
          const warned = problems.some(({ message }) => message.includes('changes nothing: '));
          expect(warned, where).toBe(status === 'noMeaning');
        }
      }
    });

    it('refuse what is wrong, by their path and with what to write instead', () => {
      for (const entry of single) {
        const path = formatPath(concrete(entry.path));
        const isRefused = statusAt(entry, all).status === 'notSupported';
        for (const value of FIELD_EXAMPLES[`${entry.message}.${entry.name}`]?.invalid ?? []) {
          const problems = problemsWith(kind, entry.path, value);
          const own = problems.filter(
            (problem) =>
              problem.severity === 'error' &&
              (problem.path.startsWith(path) || (isRefused && path.startsWith(problem.path))),
          );
          expect(
            own.length,
            `${path}: ${JSON.stringify(value)}: ${JSON.stringify(problems)}`,
          ).toBeGreaterThan(0);
          for (const { message, fix } of own) {
            expect(message).not.toBe('');
            expect(fix).not.toBe('');
          }
        }
      }
    });

    it('that hold others refuse a text, nothing, and a name that nobody knows', () => {
      for (const entry of all.filter(({ holds }) => holds !== '')) {
        const shape = shapeOf(entry.schema);
        const unknown: PlainValue =
          shape.kind === 'list'
            ? [{ nobody: 1 }]
            : shape.kind === 'map'
              ? { [MAP_KEY]: { nobody: 1 } }
              : { nobody: 1 };
        const path = formatPath(concrete(entry.path));
        for (const value of ['text', null, unknown]) {
          const problems = problemsWith(kind, entry.path, value);
          const own = problems.filter(
            (problem) =>
              problem.severity === 'error' &&
              (problem.path.startsWith(path) || path.startsWith(problem.path)),
          );
          expect(own.length, `${path}: ${JSON.stringify(value)}`).toBeGreaterThan(0);
        }
      }
    });
  },
);

it('every example is of a field', () => {
  const known = new Set<string>();
  for (const { spec } of Object.values(KINDS)) {
    for (const { message, name } of fieldsOf(spec)) known.add(`${message}.${name}`);
  }
  expect(Object.keys(FIELD_EXAMPLES).filter((name) => !known.has(name))).toEqual([]);
});
