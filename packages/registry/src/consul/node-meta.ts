import { ConfigError } from '@micromesh/core';
import type { Registration } from '../registry.js';

const MARKER = 'micromesh';
const ID = 'micromesh-id';
const STARTED_AT = 'micromesh-started-at';
const VERSION = 'version';
const LABEL_PREFIX = 'micromesh-label-';
const PLAIN_KEY = /^[A-Za-z0-9_-]{1,128}$/;
const RESERVED_KEY = /^(micromesh|consul-|version$|external-source$)/;
const MAX_KEY_LENGTH = 128;

/** What `Meta` and tags say of a node. */
export interface NodeMeta {
  readonly micromesh: boolean;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly startedAtMs: number | undefined;
}

/**
 * Writes a registration as Consul's `Meta`. A label keeps its name where Consul can hold it; `app.kubernetes.io/name` becomes
 * `micromesh-label-app_2Ekubernetes_2Eio_2Fname`.
 *
 * @throws ConfigError when a label's name is too long.
 */
export function encodeNodeMeta(registration: Registration, startedAtMs: number): Record<string, string> {
  const { id, version, labels } = registration;
  const pairs: [string, string][] = [
    [MARKER, '1'],
    [ID, id],
    [STARTED_AT, String(startedAtMs)],
  ];
  if (version !== '') pairs.push([VERSION, version]);
  for (const [name, value] of Object.entries(labels)) pairs.push([encodeLabelName(name), value]);
  return Object.fromEntries(pairs);
}

/** Reads what {@link encodeNodeMeta} writes, and what others write: `Meta` pairs and `key=value` tags are labels, `version` is the version. */
export function decodeNodeMeta(meta: Readonly<Record<string, string>>, tags: readonly string[]): NodeMeta {
  const micromesh = meta[MARKER] !== undefined;
  // Our own tags only repeat what is in `Meta`; an operator may have overridden those of others.
  const pairs = micromesh ? [] : tags.map(splitTag).filter((pair) => pair !== undefined);
  for (const [key, value] of Object.entries(meta)) pairs.push([key, value]);
  let version = '';
  const labels: [string, string][] = [];
  for (const [key, value] of pairs) {
    if (key === VERSION) version = value;
    else if (key.startsWith(LABEL_PREFIX)) labels.push([decodeLabelName(key), value]);
    else if (!key.startsWith(MARKER)) labels.push([key, value]);
  }
  const startedAt = Number(meta[STARTED_AT] ?? Number.NaN);
  return {
    micromesh,
    version,
    labels: Object.fromEntries(labels),
    startedAtMs: Number.isFinite(startedAt) ? startedAt : undefined,
  };
}

function encodeLabelName(name: string): string {
  if (PLAIN_KEY.test(name) && !RESERVED_KEY.test(name)) return name;
  const key = `${LABEL_PREFIX}${name.replace(/[^A-Za-z0-9-]/gu, escapeCharacter)}`;
  if (key.length <= MAX_KEY_LENGTH) return key;
  throw new ConfigError(`labels.${name}`, name, 'is too long a name for Consul', 'give a shorter one');
}

function escapeCharacter(character: string): string {
  let escaped = '';
  for (const byte of Buffer.from(character)) {
    escaped += `_${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

function decodeLabelName(key: string): string {
  const percent = key.slice(LABEL_PREFIX.length).replace(/_([0-9A-F]{2})/g, '%$1');
  try {
    return decodeURIComponent(percent);
  } catch {
    // Not of our writing: a name that can be read at least.
    return key;
  }
}

function splitTag(tag: string): [string, string] | undefined {
  const at = tag.indexOf('=');
  return at < 1 ? undefined : [tag.slice(0, at), tag.slice(at + 1)];
}
