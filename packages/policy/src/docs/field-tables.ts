import { ANNOTATIONS } from '../annotations/annotations.js';
import type { FieldMeta, FieldStatus } from '../schema/field.js';
import { KINDS, type Kind } from '../schema/kinds.js';
import { type FieldEntry, fieldsOf } from '../schema/walk.js';

const END = '<!-- end -->';

const STATUS: Readonly<Record<FieldStatus, string>> = {
  applied: 'applied',
  noMeaning: 'no meaning',
  notSupported: 'not supported',
};

/** The tables of all fields of a kind: one a message, in the order in which they come up. */
function fieldTables(kind: Kind): string {
  const tables = new Map<string, { places: string[]; rows: string[] }>();
  const root = KINDS[kind].spec;
  const seen = new Set<string>();
  tables.set(kind, { places: [], rows: [] });
  for (const entry of fieldsOf(root)) {
    const table = tables.get(entry.message) ?? { places: [], rows: [] };
    tables.set(entry.message, table);
    if (!seen.has(`${entry.message}.${entry.name}`)) table.rows.push(rowOf(entry));
    seen.add(`${entry.message}.${entry.name}`);
    if (entry.holds === '') continue;
    const held = tables.get(entry.holds) ?? { places: [], rows: [] };
    tables.set(entry.holds, held);
    held.places.push(`${entry.message}.${entry.name}`);
  }
  return [...tables].map(([name, { places, rows }]) => section(name, places, rows)).join('\n\n');
}

/** The table of micromesh's own annotations. */
function annotationTable(): string {
  const rows = [...ANNOTATIONS].map(
    ([name, { kinds, values, note }]) =>
      `| \`${name}\` | ${kinds?.join(', ') ?? 'all'} | ${cell(values)} | ${cell(note)} |`,
  );
  return ['| annotation | of | values | what it does |', '|---|---|---|---|', ...rows].join('\n');
}

/** The page with the tables of a kind in the place that is marked for them. */
export function withTables(page: string, kind: Kind): string {
  return between(page, `<!-- fields of ${kind} -->`, fieldTables(kind));
}

/** The page with the table of annotations, where it has a place for it. */
export function withAnnotations(page: string): string {
  const begin = '<!-- annotations -->';
  return page.includes(begin) ? between(page, begin, annotationTable()) : page;
}

function between(page: string, begin: string, text: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(END, from);
  if (from < 0 || to < 0) throw new Error(`the page has no place for a table: write ${begin} and ${END}`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}

/** How a row of a field begins. */
export function rowStart(name: string): string {
  return `| \`${name}\` |`;
}

function section(name: string, places: readonly string[], rows: readonly string[]): string {
  const shown = [...new Set(places)].map((place) => `\`${place}\``);
  return [
    `### ${name}`,
    '',
    shown.length === 0 ? 'The `spec`.' : `What ${shown.join(', ')} ${shown.length === 1 ? 'holds' : 'hold'}.`,
    '',
    '| field | status | how | where it differs from Envoy |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function rowOf({ name, meta }: FieldEntry): string {
  return `${rowStart(name)} ${STATUS[meta.status]}${meta.required ? ', required' : ''} | ${cell(how(meta))} | ${cell(meta.differs)} |`;
}

function how({ note, instead }: FieldMeta): string {
  return instead === '' ? note : `${note}; ${instead}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
