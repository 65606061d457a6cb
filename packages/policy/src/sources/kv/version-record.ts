import { deflateSync, inflateSync } from 'node:zlib';
import { ConfigError, messageOf } from '@micromesh/core';
import { MAX_KV_VALUE_BYTES } from '@micromesh/registry';
import { z } from 'zod';
import type { PolicyVersion } from './policy-version.js';

/** Up to here a record is left as people can read it in Consul's own page. */
const MAX_PLAIN_BYTES = 32 * 1024;
/** The resources of one version as JSON: five thousand small ones, which take half a second to validate. */
const MAX_RESOURCES_BYTES = 2 * 1024 * 1024;

/** What stands under a key of versions. */
export type ReadRecord =
  | { readonly kind: 'version'; readonly version: PolicyVersion }
  /** `problem` continues the sentence "the record ...". */
  | { readonly kind: 'unreadable'; readonly problem: string };

const resource = z.object({
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  file: z.string(),
  line: z.int().min(1),
  text: z.string(),
});
const resources = z.array(resource);
const record = z.object({
  version: z.int().min(1),
  who: z.string(),
  at: z.iso.datetime({ offset: true }),
  why: z.string(),
  rollbackTo: z.int().min(1).optional(),
  resources: resources.optional(),
  deflated: z.base64().optional(),
});

/**
 * Writes the value of a version: JSON, with the resources compressed (zlib, base64) where they have more than 32 KiB.
 *
 * @throws ConfigError when they do not fit into one value of Consul's key-value store even so.
 */
export function formatRecord({ version, who, atMs, why, rollbackTo, resources: all }: PolicyVersion): string {
  const head = {
    version,
    who,
    at: new Date(atMs).toISOString(),
    why,
    ...(rollbackTo === undefined ? {} : { rollbackTo }),
  };
  const json = JSON.stringify(all);
  const bytes = Buffer.byteLength(json);
  if (bytes <= MAX_PLAIN_BYTES) return JSON.stringify({ ...head, resources: all });
  if (bytes > MAX_RESOURCES_BYTES)
    throw tooLarge(`${bytes} bytes`, `a set may have ${MAX_RESOURCES_BYTES} bytes`);
  const value = JSON.stringify({ ...head, deflated: deflateSync(json, { level: 9 }).toString('base64') });
  const size = Buffer.byteLength(value);
  if (size <= MAX_KV_VALUE_BYTES) return value;
  throw tooLarge(
    `${bytes} bytes (compressed ${size})`,
    `one value of Consul's key-value store holds ${MAX_KV_VALUE_BYTES}`,
  );
}

function tooLarge(size: string, bound: string): ConfigError {
  return new ConfigError(
    'policies',
    size,
    'are too many',
    `${bound}: take resources out, or give some processes a folder`,
  );
}

/** Reads the value of a version. */
export function readRecord(value: string): ReadRecord {
  try {
    const read = record.safeParse(JSON.parse(value));
    if (!read.success)
      return { kind: 'unreadable', problem: `is no version of policies: ${issueOf(read.error)}` };
    const { version, who, at, why, rollbackTo, resources: plain, deflated } = read.data;
    const all = plain ?? resources.parse(JSON.parse(inflated(deflated ?? '')));
    return {
      kind: 'version',
      version: { version, who, atMs: Date.parse(at), why, rollbackTo, resources: all },
    };
  } catch (error) {
    return { kind: 'unreadable', problem: `cannot be read: ${messageOf(error)}` };
  }
}

// A few bytes may say that they are gigabytes.
function inflated(text: string): string {
  return inflateSync(Buffer.from(text, 'base64'), { maxOutputLength: MAX_RESOURCES_BYTES }).toString('utf8');
}

function issueOf({ issues: [issue] }: z.ZodError): string {
  return issue === undefined ? 'it is none' : `${issue.path.join('.') || 'it'}: ${issue.message}`;
}
