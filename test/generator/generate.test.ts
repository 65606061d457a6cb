import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GenerateError, generate } from '@micromesh/generator';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PROTOS } from './fixture.js';

// Each generation is two processes, and other tests run beside.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
let out: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'micromesh-generate-test-'));
  out = join(folder, 'gen');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const GREETER =
  'syntax = "proto3";\npackage greet.v1;\nservice Greeter { rpc Greet(Name) returns (Name); }\nmessage Name { string name = 1; }\n';

async function proto(path: string, text = GREETER): Promise<string> {
  const file = join(folder, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
  return file;
}

async function failure(options: Parameters<typeof generate>[0]): Promise<GenerateError> {
  const error: unknown = await generate(options).catch((thrown: unknown) => thrown);
  if (error instanceof GenerateError) return error;
  throw new Error(`no GenerateError but ${String(error)}`);
}

async function outputs(): Promise<string[]> {
  const entries = await readdir(out, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe('generate', () => {
  it('writes stubs and handler types for a folder, and what they import', async () => {
    const { files, written, removed, warnings } = await generate({ inputs: [PROTOS], out });
    expect(files).toEqual([
      'google/protobuf/any.ts',
      'google/protobuf/duration.ts',
      'google/protobuf/empty.ts',
      'google/protobuf/field_mask.ts',
      'google/protobuf/struct.ts',
      'google/protobuf/timestamp.ts',
      'google/protobuf/wrappers.ts',
      'no_package.handlers.ts',
      'no_package.ts',
      'shared/v1/money.ts',
      'shop/v1/shop.handlers.ts',
      'shop/v1/shop.ts',
      'words/words.handlers.ts',
      'words/words.ts',
    ]);
    expect(written).toEqual(files);
    expect(removed).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('generates a single file from the proto path that holds it, else from above its package, else from its folder', async () => {
    const file = await proto('protos/greet/v1/greeter.proto');
    const one = await generate({ inputs: [file], out, protoPaths: [join(folder, 'protos/greet')] });
    expect(one.files).toEqual(['v1/greeter.handlers.ts', 'v1/greeter.ts']);
    const { files, removed } = await generate({ inputs: [file], out });
    expect(files).toEqual(['greet/v1/greeter.handlers.ts', 'greet/v1/greeter.ts']);
    expect(removed).toEqual(['v1/greeter.handlers.ts', 'v1/greeter.ts']);
    const text = `// package elsewhere;\nsyntax = "proto3";\n/* package no; */ package greet . v2;\nmessage A {}\n`;
    const other = await generate({ inputs: [await proto('protos/greet/v2/other.proto', text)], out });
    expect(other.files).toEqual(['greet/v2/other.ts']);
    expect((await generate({ inputs: [await proto('elsewhere.proto', text)], out })).files).toEqual([
      'elsewhere.ts',
    ]);
  });

  it('finds imports below a proto path that is no input', async () => {
    const shop = join(PROTOS, 'shop');
    const { files } = await generate({ inputs: [shop], out, protoPaths: [PROTOS] });
    expect(files).toContain('shared/v1/money.ts');
    expect(files).not.toContain('words/words.ts');
  });

  it('gives the same bytes for the same input, and leaves unchanged files alone', async () => {
    await generate({ inputs: [PROTOS], out });
    const path = join(out, 'shop/v1/shop.ts');
    const before = await readFile(path, 'utf8');
    const long = new Date('2001-01-01');
    await utimes(path, long, long);
    const again = await generate({ inputs: [PROTOS], out });
    expect(again.written).toEqual([]);
    expect((await stat(path)).mtime).toEqual(long);
    await generate({ inputs: [PROTOS], out: join(folder, 'other') });
    expect(await readFile(join(folder, 'other/shop/v1/shop.ts'), 'utf8')).toBe(before);
  });

  it('takes away its own files of an earlier run, with their empty folders, and nobody else’s', async () => {
    await generate({ inputs: [PROTOS], out });
    await writeFile(join(out, 'shared/v1/mine.ts'), 'export const mine = 1;\n');
    // Generated, but by a run into another folder that happens to lie in this one.
    await generate({ inputs: [join(PROTOS, 'words')], out: join(out, 'nested') });
    await mkdir(join(folder, 'protos'));
    await cp(join(PROTOS, 'no_package.proto'), join(folder, 'protos/no_package.proto'));
    const { removed, written } = await generate({ inputs: [join(folder, 'protos')], out });
    expect(written).toEqual([]);
    expect(removed).toContain('shop/v1/shop.ts');
    expect((await outputs()).sort()).toEqual([
      'mine.ts',
      'no_package.handlers.ts',
      'no_package.ts',
      'words.handlers.ts',
      'words.ts',
    ]);
    expect(await readdir(out)).toEqual(['nested', 'no_package.handlers.ts', 'no_package.ts', 'shared']);
  });

  it('refuses to overwrite a file that it did not write', async () => {
    const file = await proto('greeter.proto');
    await mkdir(out);
    await writeFile(join(out, 'greeter.ts'), 'export const mine = 1;\n');
    const { message } = await failure({ inputs: [file], out });
    expect(message).toContain(`${join(out, 'greeter.ts')}: exists, and micromesh generate did not write it`);
    expect(await outputs()).toEqual(['greeter.ts']);
  });

  it('warns of what protoc warns of', async () => {
    await proto('a.proto', `syntax = "proto3";\nimport "b.proto";\nmessage A {}\n`);
    await proto('b.proto', `syntax = "proto3";\nmessage B {}\n`);
    const { warnings } = await generate({ inputs: [folder], out });
    expect(warnings).toEqual([
      { file: join(folder, 'a.proto'), line: 2, column: 1, message: 'Import b.proto is unused.' },
    ]);
  });
});

describe('generate, when something is wrong', () => {
  it('names file, line and column of every error, and writes nothing', async () => {
    const good = await proto('good.proto');
    const bad = await proto(
      'bad.proto',
      'syntax = "proto3";\nmessage A {\n  strin name = 1;\n  Missing x = 2;\n}\n',
    );
    const error = await failure({ inputs: [good, bad], out });
    expect(error.problems).toEqual([
      { file: bad, line: 3, column: 3, message: '"strin" is not defined.' },
      { file: bad, line: 4, column: 3, message: '"Missing" is not defined.' },
    ]);
    expect(error.message).toBe(`${bad}:3:3: "strin" is not defined.\n${bad}:4:3: "Missing" is not defined.`);
    expect(await outputs()).toEqual([]);
  });

  it('keeps the output of the last good run', async () => {
    const file = await proto('greeter.proto');
    await generate({ inputs: [file], out });
    await proto('greeter.proto', `${GREETER}oops`);
    expect((await failure({ inputs: [file], out })).message).toContain(`${file}:5:`);
    expect(await outputs()).toEqual(['greeter.handlers.ts', 'greeter.ts']);
  });

  it('names an import that is not there, and the line that wants it', async () => {
    const file = await proto('a.proto', 'syntax = "proto3";\nimport "nowhere.proto";\n');
    const { message } = await failure({ inputs: [file], out });
    expect(message).toContain(
      `nowhere.proto: File not found below ${folder}; name the folder that it is imported from as a proto path (--proto-path)`,
    );
    expect(message).toContain(`${file}:2:1: Import "nowhere.proto" was not found or had errors.`);
  });

  it('names each input that is missing, empty or no .proto file', async () => {
    await mkdir(join(folder, 'empty'));
    await writeFile(join(folder, 'a.txt'), '');
    const inputs = ['none', 'empty', 'a.txt'].map((name) => join(folder, name));
    const { message } = await failure({ inputs, out, protoPaths: [join(folder, 'nopath')] });
    expect(message.split('\n')).toEqual([
      `${join(folder, 'nopath')}: is no folder (a proto path)`,
      `${join(folder, 'none')}: no such file or folder`,
      `${join(folder, 'empty')}: has no .proto file in it`,
      `${join(folder, 'a.txt')}: is no .proto file`,
    ]);
  });

  it('wants an input, and knows its options', async () => {
    expect((await failure({ inputs: [], out })).message).toBe('name a folder or a .proto file');
    const misspelt = { inputs: [folder], out, protoPath: [] };
    await expect(generate(misspelt)).rejects.toThrow('did you mean protoPaths?');
  });

  it('refuses two files of one import name', async () => {
    const one = await proto('one/greeter.proto');
    const two = await proto('two/greeter.proto');
    const { message } = await failure({ inputs: [one, two], out });
    expect(message).toBe(
      `${two}: has the import name greeter.proto, as ${one} has; name their common root as a proto path (--proto-path)`,
    );
  });

  it('refuses two outputs that would be one file', async () => {
    await proto('protos/greeter.proto');
    await proto('protos/greeter.handlers.proto', GREETER.replaceAll('greet.v1', 'greet.v2'));
    const { message } = await failure({ inputs: [join(folder, 'protos')], out });
    expect(message).toContain('two .proto files give greeter.handlers.ts and greeter.handlers.ts');
  });

  it('says when the output folder is a file', async () => {
    const file = await proto('greeter.proto');
    const { message } = await failure({ inputs: [file], out: file });
    expect(message).toBe(`${file}: is no folder`);
  });
});
