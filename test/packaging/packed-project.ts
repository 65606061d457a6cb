import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { output } from './run.js';

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a package's `package.json` says, as far as the tests look. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly exports: Exports;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A file, or what stands for it under each condition or path. */
export type Exports = string | { readonly [condition: string]: Exports };

/** A package as it comes out of its tarball. */
export interface PackedPackage {
  readonly manifest: Manifest;
  readonly folder: string;
  /** Every file in it, by its path from there. */
  readonly files: readonly string[];
}

/** A project outside the workspace that has our packages from their tarballs. */
export interface PackedProject {
  readonly folder: string;
  readonly packages: readonly PackedPackage[];
  remove(): Promise<void>;
}

/**
 * Packs every published package and unpacks it into an empty project, as `npm install` of the tarballs would. Other packages come
 * from the workspace by links, so that no network and no filled npm cache is needed: those that a tarball or the project asks for, no others.
 */
export async function makePackedProject(dependencies: readonly string[]): Promise<PackedProject> {
  const folder = await mkdtemp(join(tmpdir(), 'micromesh-packed-'));
  const packages = await unpackInto(folder, await pack(join(folder, 'tarballs')));
  const asked = packages.flatMap(({ manifest }) =>
    Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
  );
  const ours = new Set(packages.map(({ manifest }) => manifest.name));
  for (const name of new Set([...asked, ...dependencies])) {
    if (ours.has(name)) continue;
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ type: 'module', dependencies: { micromesh: '*' } }),
  );
  // Links the commands, as an installation does.
  await output('npm', ['rebuild', '--ignore-scripts', 'micromesh'], folder);
  return { folder, packages, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Gives the paths of the tarballs. */
async function pack(destination: string): Promise<string[]> {
  await mkdir(destination);
  const args = ['pack', '--silent', '--pack-destination', destination];
  for (const name of await readdir(join(ROOT, 'packages'))) {
    const manifest = await readManifest(join(ROOT, 'packages', name));
    if (manifest.private !== true) args.push('--workspace', `packages/${name}`);
  }
  await output('npm', args, ROOT);
  return (await readdir(destination)).map((name) => join(destination, name));
}

async function unpackInto(project: string, tarballs: readonly string[]): Promise<PackedPackage[]> {
  const packages: PackedPackage[] = [];
  for (const tarball of tarballs) {
    const unpacked = await mkdtemp(join(project, 'unpacked-'));
    await output('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1'], project);
    const manifest = await readManifest(unpacked);
    const folder = join(project, 'node_modules', manifest.name);
    await mkdir(dirname(folder), { recursive: true });
    await rename(unpacked, folder);
    packages.push({ manifest, folder, files: await filesIn(folder) });
  }
  return packages;
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
