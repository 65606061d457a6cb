/*
 * Writes src/schema/istio-fields.ts from Istio's own protos:
 *
 *   node packages/policy/scripts/list-istio-fields.js FOLDER_OF_ISTIO_API "istio/api @COMMIT DATE"
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FILES = [
  'networking/v1alpha3/virtual_service.proto',
  'networking/v1alpha3/destination_rule.proto',
  'type/v1beta1/selector.proto',
];
const ROOTS = ['VirtualService', 'DestinationRule'];

const [folder, source] = process.argv.slice(2);
if (folder === undefined || source === undefined)
  throw new Error('give the folder of istio/api and its version');

const messages = new Map();
// type/v1beta1 has a PortSelector too: the first of a name counts, and what comes later is read into nothing.
for (const file of FILES) readProto(readFileSync(join(folder, file), 'utf8'));

const listed = new Map();
for (const root of ROOTS) list(root);

let text = `/**
 * The fields of Istio's VirtualService and DestinationRule, each with the message that it holds (empty: none).
 * Written by scripts/list-istio-fields.js; names only.
 */
export const ISTIO_FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {\n`;
for (const [message, fields] of listed) {
  text += `  ${key(message)}: {\n`;
  for (const [name, type] of fields) text += `    ${name}: '${type}',\n`;
  text += '  },\n';
}
text += `};

/** Names that Istio has removed and keeps from being used again. */
export const ISTIO_REMOVED: Readonly<Record<string, readonly string[]>> = {\n`;
for (const message of listed.keys()) {
  const { reserved } = messages.get(message);
  if (reserved.length === 0) continue;
  const line = `  ${key(message)}: [${reserved.map((name) => `'${name}'`).join(', ')}],`;
  text +=
    line.length <= 110
      ? `${line}\n`
      : `  ${key(message)}: [\n${reserved.map((name) => `    '${name}',\n`).join('')}  ],\n`;
}
text += `};

/** Where the names are from. */
export const ISTIO_SOURCE = '${source}';\n`;
writeFileSync(fileURLToPath(new URL('../src/schema/istio-fields.ts', import.meta.url)), text);

function key(name) {
  return /^\w+$/.test(name) ? name : `'${name}'`;
}

function list(name) {
  if (listed.has(name)) return;
  const fields = [];
  listed.set(name, fields);
  for (const { field, type } of messages.get(name).fields) {
    const held = resolve(type, name);
    fields.push([field, held]);
    if (held !== '') list(held);
  }
}

/** Looks a type up as protobuf does: in the message itself, then in each that it is in. */
function resolve(type, scope) {
  const last = type.startsWith('istio.type.') ? type.split('.').at(-1) : type;
  for (let at = scope; ; at = at.includes('.') ? at.slice(0, at.lastIndexOf('.')) : '') {
    const name = at === '' ? last : `${at}.${last}`;
    if (messages.has(name)) return name;
    if (at === '') return '';
  }
}

function readProto(proto) {
  const stack = [];
  let statement = '';
  for (const line of proto.split('\n')) {
    const code = line.replace(/\/\/.*$/, '').trim();
    if (code === '') continue;
    statement = `${statement} ${code}`.trim();
    if (!/[;{}]$/.test(statement)) continue;
    readStatement(statement, stack);
    statement = '';
  }
}

function readStatement(statement, stack) {
  const block = /^(message|enum|oneof)\s+(\w+)\s*\{(\s*\})?$/.exec(statement);
  if (block !== null) {
    const [, kind, name, closed] = block;
    const parent = stack.findLast((each) => each.kind === 'message');
    const full = kind !== 'message' ? parent?.full : parent === undefined ? name : `${parent.full}.${name}`;
    const message = kind === 'message' ? { fields: [], reserved: [] } : parent?.message;
    if (kind === 'message' && !messages.has(full)) messages.set(full, message);
    if (closed === undefined) stack.push({ kind, full, message });
    return;
  }
  if (statement === '}') {
    stack.pop();
    return;
  }
  const top = stack.at(-1);
  if (top === undefined || top.kind === 'enum') return;
  const { message } = top;
  if (statement.startsWith('reserved')) {
    for (const [, name] of statement.matchAll(/"(\w+)"/g)) message.reserved.push(camelCase(name));
    return;
  }
  const field =
    /^(?:repeated\s+|optional\s+)?(?:map<\s*\w+\s*,\s*([\w.]+)\s*>|([\w.]+))\s+(\w+)\s*=\s*\d+/.exec(
      statement,
    );
  if (field !== null) message.fields.push({ field: camelCase(field[3]), type: field[1] ?? field[2] });
}

function camelCase(name) {
  return name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
}
