import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The .proto files that the tests generate from. */
export const PROTOS = fileURLToPath(new URL('protos', import.meta.url));

/** A folder of its own for a test, which sees the repository's packages. */
export async function makeProject(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'micromesh-generated-'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

const STRICTEST = {
  target: 'ES2023',
  lib: ['ES2023', 'ESNext.Disposable'],
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  isolatedDeclarations: true,
  declaration: true,
  rootDir: '.',
  outDir: 'dist',
};

/** Compiles the project's TypeScript to `dist` with every strict flag; gives what tsc complains of, empty when all is well. */
export async function compile(folder: string, module: 'NodeNext' | 'Node16' = 'NodeNext'): Promise<string> {
  const compilerOptions = { ...STRICTEST, module, moduleResolution: module };
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['**/*.ts'], exclude: ['dist', 'node_modules'] }),
  );
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const run = promisify(execFile);
  return run(process.execPath, [tsc, '-p', folder], { cwd: folder }).then(
    () => '',
    (error: { stdout?: string }) => error.stdout ?? String(error),
  );
}

/** The URL of a compiled module of the project. */
export function compiled(folder: string, path: string): string {
  return pathToFileURL(join(folder, 'dist', path)).href;
}
