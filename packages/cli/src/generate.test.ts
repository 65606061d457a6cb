import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { generate } from './generate.js';

// Each generation is two processes, and other tests run beside.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let printed: string[];
let reported: string[];

const output = {
  print: (line: string) => printed.push(line),
  report: (line: string) => reported.push(line),
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'micromesh-generate-command-'));
  printed = [];
  reported = [];
});

afterEach(() => rm(folder, { recursive: true }));

async function proto(text: string): Promise<string> {
  const path = join(folder, 'a.proto');
  await writeFile(path, `syntax = "proto3";\n${text}`);
  return path;
}

describe('micromesh generate', () => {
  it('says what it wrote, and which packages the code needs', async () => {
    const out = join(folder, 'gen');
    const file = await proto('message A {}\n');
    expect(await generate([file], { out }, output)).toBe(0);
    expect(await generate([file], { out }, output)).toBe(0);
    expect(printed).toEqual([
      `${out}: 1 file (1 written, 0 unchanged)`,
      `${out}: 1 file (0 written, 1 unchanged)`,
    ]);
    expect(reported[0]).toBe(
      'the generated code imports what is not installed here: npm install @grpc/grpc-js @bufbuild/protobuf',
    );
  });

  it('prints one JSON object where it is asked to', async () => {
    const out = join(folder, 'gen');
    await generate([await proto('message A {}\n')], { out, json: true }, output);
    expect(printed.map((line) => JSON.parse(line))).toEqual([
      { files: ['a.ts'], written: ['a.ts'], removed: [], warnings: [] },
    ]);
  });

  it('names file, line and column of an error, and exits with 1', async () => {
    const file = await proto('message A {\n  strin x = 1;\n}\n');
    expect(await generate([file], { out: join(folder, 'gen'), json: true }, output)).toBe(1);
    expect(reported).toEqual([`${file}:3:3: "strin" is not defined.`]);
    expect(printed.map((line) => JSON.parse(line))).toEqual([
      { problems: [{ file, line: 3, column: 3, message: '"strin" is not defined.' }] },
    ]);
    expect(await readdir(folder)).toEqual(['a.proto']);
  });
});
