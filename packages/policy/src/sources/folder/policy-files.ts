import { type BigIntStats, type Dirent, promises as fs } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@micromesh/core';
import type { Problem } from '../../problem.js';
import type { PolicyText } from '../read-policies.js';

const MAX_FILES = 5_000;
const MAX_DEPTH = 32;
/** More bytes than any text that is read has. */
const MAX_FILE_BYTES = 1_048_576n;
const ENDING = /\.(ya?ml|json)$/i;
/** Hidden ones, ConfigMaps' own folders, and what editors leave behind. */
const LEFT_OUT = /^[.#~]/;

/** A folder as it is now: what is made anew at its path is another one. */
export interface FoundFolder {
  readonly path: string;
  readonly inode: bigint;
}

/** The files with policies at a path, before they are read. */
export interface FoundFiles {
  /** Sorted. */
  readonly files: readonly string[];
  /** Those in which a change may matter. */
  readonly folders: readonly FoundFolder[];
  readonly problems: readonly Problem[];
  /** Moves when a file comes, goes or is written. */
  readonly signature: string;
}

/**
 * Finds every `.yaml`, `.yml` and `.json` file below a folder, links followed; a path of a file is that file, whatever its ending.
 *
 * @throws Error of Node's when nothing is at the path.
 */
export async function findPolicyFiles(path: string): Promise<FoundFiles> {
  const search = new Search();
  const stats = await fs.stat(path, { bigint: true });
  if (stats.isDirectory()) await search.folder(path, stats.ino, 0, []);
  else search.file(path, stats);
  return {
    files: search.files,
    folders: search.folders,
    problems: search.problems,
    signature: search.signature.join('\n'),
  };
}

/**
 * Reads files; what cannot be read is a problem.
 *
 * @throws Error of Node's with `code: 'ENOENT'` when one has gone meanwhile.
 */
export async function readPolicyFiles(
  files: readonly string[],
): Promise<{ readonly texts: readonly PolicyText[]; readonly problems: readonly Problem[] }> {
  const texts: PolicyText[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    try {
      texts.push({ file, text: await fs.readFile(file, 'utf8') });
    } catch (error) {
      if (isMissing(error)) throw error;
      problems.push(unreadable(file, messageOf(error), 'let it be read by who runs this'));
    }
  }
  return { texts, problems };
}

/** Whether an error of Node's says that nothing is there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

class Search {
  readonly files: string[] = [];
  readonly folders: FoundFolder[] = [];
  readonly problems: Problem[] = [];
  readonly signature: string[] = [];
  #isFull = false;

  file(path: string, stats: BigIntStats): void {
    if (stats.size > MAX_FILE_BYTES) {
      this.problems.push(unreadable(path, `it has ${stats.size} bytes`, 'split it'));
    } else if (!stats.isFile()) {
      this.problems.push(unreadable(path, 'it is no file', 'take it out'));
    } else if (this.files.length < MAX_FILES) this.files.push(path);
    else if (!this.#isFull) {
      this.#isFull = true;
      this.problems.push(unreadable(path, `there are more than ${MAX_FILES} files`, 'keep policies alone'));
    }
    this.signature.push(`${path} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`);
  }

  async folder(path: string, inode: bigint, depth: number, above: readonly string[]): Promise<void> {
    const real = await fs.realpath(path);
    // A link to a folder that it is in.
    if (above.includes(real)) return;
    if (depth > MAX_DEPTH) {
      this.problems.push(unreadable(path, `it is more than ${MAX_DEPTH} folders deep`, 'move it up'));
      return;
    }
    this.folders.push({ path, inode });
    const entries = await fs.readdir(path, { withFileTypes: true });
    for (const entry of entries.sort(byName)) await this.#entry(entry, path, depth, [...above, real]);
  }

  async #entry(entry: Dirent, folder: string, depth: number, above: readonly string[]): Promise<void> {
    if (LEFT_OUT.test(entry.name)) return;
    const path = join(folder, entry.name);
    const isNamedSo = ENDING.test(entry.name);
    if (!isNamedSo && !entry.isDirectory() && !entry.isSymbolicLink()) return;
    let stats: BigIntStats;
    try {
      stats = await fs.stat(path, { bigint: true });
    } catch (error) {
      if (!isNamedSo) return;
      this.problems.push(unreadable(path, messageOf(error), 'mend the link, or take it out'));
      return;
    }
    if (stats.isDirectory()) await this.folder(path, stats.ino, depth + 1, above);
    else if (isNamedSo) this.file(path, stats);
  }
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function unreadable(file: string, message: string, fix: string): Problem {
  const place = { file, line: 1, column: 1, path: '' };
  return { severity: 'error', ...place, message: `the file is not read: ${message}`, fix };
}
