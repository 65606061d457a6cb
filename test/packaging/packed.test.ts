import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as micromesh from 'micromesh';
import * as gateway from 'micromesh/gateway';
import * as testing from 'micromesh/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Exports, makePackedProject, type PackedProject, ROOT } from './packed-project.js';
import { output, run } from './run.js';

// Each test is a process or two, and other tests run beside.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

let project: PackedProject;

beforeAll(async () => {
  // What the package's README has its reader install, and what TypeScript needs of Node.
  project = await makePackedProject(['@grpc/grpc-js', '@bufbuild/protobuf', '@types/node']);
});
afterAll(() => project.remove());

describe('each packed package', () => {
  it('has what runs, its types, its licence and its README, and nothing else', () => {
    expect(project.packages.map(({ manifest }) => manifest.name).sort()).toEqual([
      ...['cli', 'client', 'core', 'gateway', 'generator', 'mesh'].map((name) => `@micromesh/${name}`),
      ...['policy', 'registry', 'selector', 'server'].map((name) => `@micromesh/${name}`),
      'micromesh',
    ]);
    const allowed =
      /^(package\.json|LICENSE|README\.md|dist\/.*\.(js|d\.ts)|bin\/micromesh\.js|types\/.*\.d\.cts)$/;
    for (const { manifest, files } of project.packages) {
      expect(files, manifest.name).toEqual(
        expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts']),
      );
      expect(
        files.filter((file) => !allowed.test(file) || /\.test\./.test(file)),
        manifest.name,
      ).toEqual([]);
    }
  });

  it('has the licence of the repository, and no path of the machine that packed it', async () => {
    const licence = await readFile(join(ROOT, 'LICENSE'), 'utf8');
    for (const { manifest, folder, files } of project.packages) {
      expect(await readFile(join(folder, 'LICENSE'), 'utf8'), manifest.name).toBe(licence);
      for (const file of files) {
        expect((await readFile(join(folder, file), 'utf8')).includes(ROOT), `${manifest.name} ${file}`).toBe(
          false,
        );
      }
    }
  });

  it('names only files that are in it', () => {
    for (const { manifest, files } of project.packages) {
      const targets = [...targetsOf(manifest.exports), ...Object.values(manifest.bin ?? {})];
      expect(targets.length, manifest.name).toBeGreaterThan(1);
      expect(
        targets.filter((target) => !files.includes(target.replace(/^\.\//, ''))),
        manifest.name,
      ).toEqual([]);
    }
  });

  it('asks for real versions, for its siblings in the one that is packed, and for grpc-js as a peer only', () => {
    const packed = new Map(project.packages.map(({ manifest }) => [manifest.name, manifest.version]));
    for (const {
      name,
      dependencies = {},
      peerDependencies = {},
      scripts = {},
      ...manifest
    } of project.packages.map((one) => one.manifest)) {
      expect(manifest, name).toMatchObject({ license: 'Apache-2.0', engines: { node: '>=20.19' } });
      expect(Object.keys(scripts), name).toEqual([]);
      for (const [dependency, version] of Object.entries(dependencies)) {
        expect(version, `${name} on ${dependency}`).toMatch(/^\d+\.\d+\.\d+$/);
        if (dependency.includes('micromesh'))
          expect(packed.get(dependency), `${name} on ${dependency}`).toBe(version);
      }
      expect(dependencies, name).not.toHaveProperty('@grpc/grpc-js');
      for (const [peer, range] of Object.entries(peerDependencies)) {
        expect([peer, range], name).toEqual(['@grpc/grpc-js', '>=1.14.0 <2']);
      }
    }
    expect(project.packages.find(({ manifest }) => manifest.name === 'micromesh')?.manifest).toHaveProperty(
      'peerDependencies',
    );
  });
});

describe('the packed command', () => {
  it('runs by npx', async () => {
    const help = await output('npx', ['--no-install', 'micromesh', '--help'], project.folder);
    expect(help).toMatch(/^Usage: micromesh/);
  });
});

describe('the packed README', () => {
  const kinds = [
    ['an ES module', 'src'],
    ['a CommonJS file', 'cjs'],
  ];

  beforeAll(async () => {
    const { folder } = project;
    const readme = await readFile(join(folder, 'node_modules/micromesh/README.md'), 'utf8');
    for (const [, path = '', text = ''] of readme.matchAll(/```\w+\n\/\/ (\S+)\n([\s\S]*?)```/g)) {
      await mkdir(join(folder, path, '..'), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await cp(join(ROOT, 'proto/hello'), join(folder, 'proto/hello'), { recursive: true });
    const command = /npx (micromesh generate .*)/.exec(readme)?.[1] ?? '';
    await output('npx', ['--no-install', ...command.split(' ')], folder);
    await cp(join(import.meta.dirname, 'surface.ts.txt'), join(folder, 'src/surface.ts'));
    await cp(join(folder, 'src'), join(folder, 'cjs'), { recursive: true });
    await writeFile(join(folder, 'cjs/package.json'), JSON.stringify({ type: 'commonjs' }));
    await writeFile(join(folder, 'src/both-ways.ts'), bothWays());
  });

  describe.each(['nodenext', 'node16'])('with `module: %s`', (module) => {
    it('compiles as ES module and as CommonJS, with the whole public surface', async () => {
      const compilerOptions = {
        module,
        target: 'es2023',
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
        rootDir: '.',
      };
      await writeFile(
        join(project.folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, include: ['src', 'cjs'] }),
      );
      const { status, stdout } = await run(process.execPath, [TSC, '-p', '.'], project.folder);
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    });

    it.each(kinds)('runs as %s, and ends by itself', async (_, folder) => {
      const { status, stdout, stderr } = await run(process.execPath, [`${folder}/main.js`], project.folder);
      expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: "{ msg: 'Hello xuxu' }\n" });
      expect(stderr).not.toMatch(/warning/i);
    });
  });

  it('is compiled to what it says', async () => {
    const compiled = (folder: string) => readFile(join(project.folder, folder, 'main.js'), 'utf8');
    expect(await compiled('src')).toContain("import { createMesh } from 'micromesh'");
    expect(await compiled('cjs')).toContain('require("micromesh")');
  });
});

/** The files that `exports` leads to, but for the condition that the workspace itself reads source by. */
function targetsOf(exports: Exports): string[] {
  if (typeof exports === 'string') return [exports];
  return Object.entries(exports).flatMap(([condition, target]) =>
    condition === 'micromesh-source' ? [] : targetsOf(target),
  );
}

/** A program that compiles where `require` and `import` give the same values of the same types, and classes as types. */
function bothWays(): string {
  const entries = { micromesh, 'micromesh/gateway': gateway, 'micromesh/testing': testing };
  const lines = Object.entries(entries).flatMap(([name, exported], index) => {
    const [required, imported] = [`required${index}`, `imported${index}`];
    const classes = Object.entries(exported)
      .filter(([, value]) => /^class\b/.test(String(value)))
      .map(([key]) => key);
    expect(classes.length).toBeGreaterThanOrEqual(exported === gateway ? 0 : 4);
    return [
      `import type * as ${imported} from '${name}' with { 'resolution-mode': 'import' };`,
      `import type * as ${required} from '${name}' with { 'resolution-mode': 'require' };`,
      `export const ${required}Fits = (is: typeof ${required}): typeof ${imported} => is;`,
      `export const ${imported}Fits = (is: typeof ${imported}): Omit<typeof ${required}, 'default'> => is;`,
      ...classes.map(
        (key) => `export const ${key}Fits = (is: ${required}.${key}): ${imported}.${key} => is;`,
      ),
    ];
  });
  return lines.join('\n');
}
