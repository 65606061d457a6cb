import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rowStart } from '../docs/field-tables.js';
import { pages, withPage } from '../docs/pages.js';
import { ISTIO_FIELDS, ISTIO_REMOVED, ISTIO_SOURCE } from './istio-fields.js';
import { KINDS } from './kinds.js';
import { REMOVED_FIELDS } from './removed-fields.js';
import { fieldsOf } from './walk.js';

const ISTIO_KINDS = [
  ['VirtualService', 'virtual-service.md'],
  ['DestinationRule', 'destination-rule.md'],
] as const;

/** Every field below a message of Istio's, as full paths with the message that each holds. */
function istioPaths(message: string, path: string, found: Map<string, string>): Map<string, string> {
  for (const [name, held] of Object.entries(ISTIO_FIELDS[message] ?? {})) {
    const below = path === '' ? name : `${path}.${name}`;
    found.set(below, held);
    if (held !== '') istioPaths(held, below, found);
  }
  return found;
}

function schemaPaths(kind: keyof typeof KINDS): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path, holds } of fieldsOf(KINDS[kind].spec)) {
    found.set(path.filter((part) => part !== '[]' && part !== '{}').join('.'), holds);
  }
  return found;
}

function docsPage(page: string): string {
  return readFileSync(new URL(`../../../../docs/policies/${page}`, import.meta.url), 'utf8');
}

describe.each(ISTIO_KINDS)(`the fields of ${ISTIO_SOURCE}: %s`, (kind, page) => {
  it('all have a schema, and the schema has no others', () => {
    const istio = istioPaths(kind, '', new Map());
    const schema = schemaPaths(kind);
    expect([...istio.keys()].filter((path) => !schema.has(path))).toEqual([]);
    expect([...schema.keys()].filter((path) => !istio.has(path))).toEqual([]);
    expect(schema.size).toBeGreaterThan(kind === 'VirtualService' ? 150 : 300);
  });

  it('hold the messages that Istio says', () => {
    const schema = schemaPaths(kind);
    for (const [path, held] of istioPaths(kind, '', new Map())) {
      expect(`${path}: ${schema.get(path)}`).toBe(`${path}: ${held}`);
    }
  });

  it('all have a row in the docs', () => {
    const text = docsPage(page);
    for (const { message, name } of fieldsOf(KINDS[kind].spec)) {
      const section = text.split(`\n### ${message}\n`)[1]?.split('\n### ')[0] ?? '';
      expect(section, `${message}.${name}`).toContain(`\n${rowStart(name)}`);
    }
  });

  it('say why where they are not applied, and what to do instead', () => {
    for (const { path, meta } of fieldsOf(KINDS[kind].spec)) {
      expect(meta.note, path.join('.')).not.toBe('');
      if (meta.status !== 'applied') expect(meta.instead, path.join('.')).not.toBe('');
    }
  });
});

describe('the fields that Istio has removed', () => {
  it('all name what replaced them', () => {
    for (const [message, names] of Object.entries(ISTIO_REMOVED)) {
      for (const name of names) expect(REMOVED_FIELDS[message]?.[name], `${message}.${name}`).toBeDefined();
    }
  });
});

describe('the pages of docs/policies', () => {
  it.each(pages)('%s has the tables of the schema: else run npm run docs:policies', (page) => {
    const text = docsPage(page);
    expect(withPage(page, text)).toBe(text);
  });
});
