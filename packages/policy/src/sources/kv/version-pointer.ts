import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Versions that can be gone back to, the current one among them. */
export const MAX_KEPT = 50;

/** Which version is in force. */
export interface VersionPointer {
  readonly version: number;
  /** Of the value under its key, see {@link digestOf}. */
  readonly digest: string;
  /** All versions that can be gone back to, newest first: {@link version} is the first. */
  readonly kept: readonly number[];
}

const pointer = z.object({
  version: z.int().min(1),
  digest: z.string(),
  kept: z.array(z.int().min(1)).min(1).max(MAX_KEPT),
});

/** The key of the pointer: `micromesh/policies/current`. */
export function pointerKey(prefix: string): string {
  return `${prefix}/current`;
}

/** The key of a version: `micromesh/policies/versions/7`. */
export function versionKey(prefix: string, version: number): string {
  return `${prefix}/versions/${version}`;
}

/** Writes the value of the pointer. */
export function formatPointer({ version, digest, kept }: VersionPointer): string {
  return JSON.stringify({ version, digest, kept });
}

/** Reads the value of the pointer; undefined: it is none. */
export function readPointer(value: string): VersionPointer | undefined {
  try {
    return pointer.safeParse(JSON.parse(value)).data;
  } catch {
    return undefined;
  }
}

/** What tells the value of a version from one that somebody has put in its place. */
export function digestOf(record: string): string {
  return createHash('sha256').update(record).digest('hex').slice(0, 16);
}
