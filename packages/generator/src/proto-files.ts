import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { GenerateError, type GenerateProblem } from './generate-error.js';
import { packageRoot } from './package-root.js';

/** A .proto file that stubs are wanted for. */
export interface ProtoFile {
  /** Its name in imports and descriptors: relative to its import root, with forward slashes. */
  readonly name: string;
  /** Where it is, relative to the working directory or absolute, as the user wrote it. */
  readonly path: string;
}

/** What protoc needs to find every file. */
export interface ProtoFiles {
  /** Import roots, absolute, in order. */
  readonly roots: readonly string[];
  /** Sorted by name. */
  readonly files: readonly ProtoFile[];
}

/**
 * Finds the .proto files of the inputs. The import root of a file is the first of `protoPaths` that holds it; else the
 * folder that was given; else, for a single file, the folder above those that its package names, or the one that it is in.
 *
 * @throws GenerateError naming each input that is missing, empty or no .proto file.
 */
export async function findProtoFiles(
  inputs: readonly string[],
  protoPaths: readonly string[],
): Promise<ProtoFiles> {
  const problems: GenerateProblem[] = [];
  for (const path of protoPaths) {
    if (!(await isFolder(path))) problems.push({ file: path, message: 'is no folder (a proto path)' });
  }
  const roots = new Set(protoPaths.map((path) => resolve(path)));
  const found = new Map<string, ProtoFile>();
  for (const input of inputs) {
    const paths = await protoPathsOf(input, problems);
    for (const { path, folder } of paths) {
      const root = protoPaths.find((each) => holds(each, path)) ?? folder;
      roots.add(resolve(root));
      const name = relative(root, path).split(sep).join('/');
      const earlier = found.get(name);
      if (earlier !== undefined && resolve(earlier.path) !== resolve(path)) {
        problems.push({
          file: path,
          message: `has the import name ${name}, as ${earlier.path} has; name their common root as a proto path (--proto-path)`,
        });
      }
      found.set(name, { name, path });
    }
  }
  if (problems.length > 0) throw new GenerateError(problems, 'usage');
  return {
    roots: [...roots],
    files: [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

async function protoPathsOf(
  input: string,
  problems: GenerateProblem[],
): Promise<{ path: string; folder: string }[]> {
  const found = await stat(input).catch(() => undefined);
  if (found === undefined) {
    problems.push({ file: input, message: 'no such file or folder' });
    return [];
  }
  if (!found.isDirectory()) {
    if (input.endsWith('.proto')) return [{ path: input, folder: await packageRoot(input) }];
    problems.push({ file: input, message: 'is no .proto file' });
    return [];
  }
  const paths = await protoFilesBelow(input);
  if (paths.length === 0) problems.push({ file: input, message: 'has no .proto file in it' });
  return paths.map((path) => ({ path, folder: input }));
}

async function protoFilesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules' && !entry.name.startsWith('.')) {
        paths.push(...(await protoFilesBelow(path)));
      }
    } else if (entry.name.endsWith('.proto')) {
      paths.push(path);
    }
  }
  return paths;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

function holds(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== '' && !inside.startsWith('..') && !isAbsolute(inside);
}
