import { readFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';

/**
 * The folder that a .proto file is meant to be imported from: `proto` for `proto/hello/v1/hello.proto` with `package hello.v1`;
 * the file's own folder where the folders above it are not named as its package.
 */
export async function packageRoot(path: string): Promise<string> {
  const folder = dirname(path);
  const parts = readPackage(await readFile(path, 'utf8')).split('.');
  const above = resolve(folder).split(sep).slice(-parts.length);
  return above.join('/') === parts.join('/') ? join(folder, ...parts.map(() => '..')) : folder;
}

// Strings and comments may hold what looks like a package, or like the start of a comment.
const STRING_OR_COMMENT = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

function readPackage(text: string): string {
  const code = text.replace(STRING_OR_COMMENT, ' ');
  const name = /(?:^|[;}\s])package\s+([\w.\s]+?)\s*;/.exec(code)?.[1] ?? '';
  return name.replace(/\s/g, '');
}
