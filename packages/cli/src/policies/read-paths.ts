import { basename, relative } from 'node:path';
import { ConfigError, messageOf } from '@micromesh/core';
import { findPolicyFiles, type PolicyText, type Problem, readPolicyFiles } from '@micromesh/policy';

/** A text of policies, with the name that it has wherever the folder is: `shop/hello.yaml`. */
export interface NamedText extends PolicyText {
  readonly name: string;
}

/** What stands in files on this machine. */
export interface ReadPaths {
  readonly texts: readonly NamedText[];
  /** Files that are not read. */
  readonly problems: readonly Problem[];
}

/**
 * Reads files, and every `.yaml`, `.yml` and `.json` file below folders.
 *
 * @throws ConfigError for a path where nothing is, and a folder without such a file.
 */
export async function readPaths(paths: readonly string[], field: string): Promise<ReadPaths> {
  const names = new Map<string, string>();
  const problems: Problem[] = [];
  for (const path of paths) {
    const found = await findPolicyFiles(path).catch((error: unknown) => {
      throw new ConfigError(
        field,
        path,
        `cannot be read (${messageOf(error)})`,
        'name a file or a folder of policies',
      );
    });
    if (found.files.length === 0 && found.problems.length === 0) {
      throw new ConfigError(
        field,
        path,
        'has no .yaml, .yml or .json file in it',
        'name a folder of policies',
      );
    }
    for (const file of found.files) names.set(file, relative(path, file) || basename(file));
    problems.push(...found.problems);
  }
  const read = await readPolicyFiles([...names.keys()]);
  const texts = read.texts.map((text) => ({ ...text, name: names.get(text.file) ?? text.file }));
  return { texts, problems: [...problems, ...read.problems] };
}
