import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Place } from './place.js';
import { type PlainObject, type PlainValue, showValue } from './plain-value.js';

/** Values of one document, those that aliases repeat counted each time. */
export const MAX_VALUES = 50_000;

/** What stands at an offset and cannot be read. */
export interface OffsetFinding {
  readonly offset: number;
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly fix: string;
}

/** A document as plain values, where each of them stands, and what could not be read. */
export interface PlainDocument {
  readonly value: PlainValue;
  readonly place: Place;
  readonly findings: readonly OffsetFinding[];
}

interface Converted {
  readonly value: PlainValue;
  readonly place: Place;
}

const NO_CHILDREN: ReadonlyMap<string | number, Place> = new Map();

/** Turns a parsed YAML document into plain values. Everything that JSON could not say is a finding. */
export function toPlainDocument(document: Document.Parsed): PlainDocument {
  const conversion = new Conversion();
  const { value, place } = conversion.convert(document.contents, [], 0);
  return { value, place, findings: conversion.findings };
}

class Conversion {
  readonly findings: OffsetFinding[] = [];
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #values = 0;

  convert(node: Node | null, path: (string | number)[], at: number): Converted {
    const offset = node?.range?.[0] ?? at;
    if (node === null) return { value: null, place: { offset, children: NO_CHILDREN } };
    if (++this.#values > MAX_VALUES) {
      if (this.#values === MAX_VALUES + 1) {
        this.#find(
          offset,
          path,
          `the document has more than ${MAX_VALUES} values`,
          'repeat less by aliases, or split it',
        );
      }
      return { value: null, place: { offset, children: NO_CHILDREN } };
    }
    if (isAlias(node)) return this.#follow(node.source, path, offset);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    this.#open.add(node);
    const converted = this.#content(node, path, offset);
    this.#open.delete(node);
    return converted;
  }

  #content(node: Node, path: (string | number)[], offset: number): Converted {
    if (isMap(node)) return this.#map(node, path, offset);
    if (isSeq(node)) return this.#list(node, path, offset);
    return { value: this.#scalar(node, path, offset), place: { offset, children: NO_CHILDREN } };
  }

  #follow(name: string, path: (string | number)[], offset: number): Converted {
    const target = this.#anchors.get(name);
    if (target === undefined || this.#open.has(target)) {
      const what =
        target === undefined ? 'stands for nothing that comes before it' : 'stands for what it is in';
      this.#find(offset, path, `the alias *${name} ${what}`, 'write the value out');
      return { value: null, place: { offset, children: NO_CHILDREN } };
    }
    const { value, place } = this.convert(target, path, offset);
    return { value, place: { offset, children: place.children } };
  }

  #map(node: YAMLMap, path: (string | number)[], offset: number): Converted {
    const entries: { [name: string]: PlainValue } = {};
    const children = new Map<string | number, Place>();
    for (const pair of node.items as Pair<Node | null, Node | null>[]) {
      const keyOffset = pair.key?.range?.[0] ?? offset;
      const key = this.#key(pair.key, path, keyOffset);
      if (key === undefined) continue;
      if (children.has(key)) {
        this.#find(keyOffset, [...path, key], `${key} is there twice`, 'keep one of them');
        continue;
      }
      const { value, place } = this.convert(pair.value, [...path, key], keyOffset);
      entries[key] = value;
      children.set(key, { offset: keyOffset, children: place.children });
    }
    return { value: entries satisfies PlainObject, place: { offset, children } };
  }

  #list(node: YAMLSeq, path: (string | number)[], offset: number): Converted {
    const children = new Map<string | number, Place>();
    const list: PlainValue[] = [];
    for (const [index, item] of (node.items as (Node | null)[]).entries()) {
      const { value, place } = this.convert(item, [...path, index], offset);
      list.push(value);
      children.set(index, place);
    }
    return { value: list, place: { offset, children } };
  }

  #key(key: Node | null, path: readonly (string | number)[], offset: number): string | undefined {
    if (key !== null && isScalar(key) && typeof key.value === 'string' && key.anchor === undefined) {
      if (key.value === '__proto__') {
        this.#find(offset, path, '__proto__ is no name of a field', 'take it out');
        return undefined;
      }
      if (key.value !== '<<') return key.value;
      this.#find(offset, path, 'merge keys (<<) are not read', 'write the fields out');
      return undefined;
    }
    if (key !== null && isScalar(key) && key.anchor === undefined && isWritten(key.value)) {
      const text = String(key.value);
      this.#find(offset, path, `the key ${text} is no string`, `write it in quotes: "${text}"`);
    } else this.#find(offset, path, 'a key is no string', 'write a plain name before the colon');
    return undefined;
  }

  #scalar(node: Node, path: readonly (string | number)[], offset: number): PlainValue {
    const value: unknown = isScalar(node) ? node.value : undefined;
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    this.#find(
      offset,
      path,
      `${showValue(String(value))} is no value that JSON has`,
      'write a number, or text in quotes',
    );
    return null;
  }

  #find(offset: number, path: readonly (string | number)[], message: string, fix: string): void {
    this.findings.push({ offset, path: [...path], message, fix });
  }
}

function isWritten(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean' || value === null;
}
