import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join, relative } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { GenerateError, type GenerateProblem } from './generate-error.js';
import type { ProtoFiles } from './proto-files.js';
import { packageFolder, runTool } from './tool.js';

/** What protoc made of the .proto files. */
export interface Compiled {
  /** The files and all that they import, imports first, with comments. */
  readonly descriptors: FileDescriptorSet;
  /** What protoc warns of: an unused import. */
  readonly warnings: readonly GenerateProblem[];
}

/**
 * Compiles .proto files with the protoc that npm's package brings, well-known types included.
 *
 * @throws GenerateError with file, line and column of each error.
 */
export async function compileProtos({ roots, files }: ProtoFiles): Promise<Compiled> {
  const folder = await mkdtemp(join(tmpdir(), 'micromesh-generate-'));
  try {
    const out = join(folder, 'descriptors.bin');
    const { exitCode, stderr } = await runTool('protoc', 'protoc', [
      ...roots.map((root) => `--proto_path=${root}`),
      `--proto_path=${join(packageFolder('protoc'), 'include')}`,
      '--include_imports',
      '--include_source_info',
      `--descriptor_set_out=${out}`,
      ...files.map(({ name }) => name),
    ]);
    const messages = readMessages(stderr, files, roots);
    if (exitCode !== 0) {
      const errors = messages.filter(({ warning }) => !warning).map(({ problem }) => problem);
      throw new GenerateError(
        errors.length > 0 ? errors : [{ message: `protoc failed with status ${exitCode}` }],
      );
    }
    return {
      descriptors: fromBinary(FileDescriptorSetSchema, await readFile(out)),
      warnings: messages.map(({ problem }) => problem),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// protoc's `--error_format=gcc`, the default: `hello/v1/hello.proto:7:3: Expected ";".`; the place may be missing in part.
const MESSAGE = /^(?<name>.+?\.proto):(?:(?<line>\d+):(?<column>\d+):)? (?<warning>warning: )?(?<text>.*)$/;

function readMessages(stderr: string, files: ProtoFiles['files'], roots: ProtoFiles['roots']) {
  const messages: { warning: boolean; problem: GenerateProblem }[] = [];
  for (const line of stderr.split(/\r?\n/)) {
    const parts = MESSAGE.exec(line)?.groups;
    const { name, text } = parts ?? {};
    if (name === undefined || text === undefined) {
      if (line !== '') messages.push({ warning: line.startsWith('warning:'), problem: { message: line } });
      continue;
    }
    const place = parts?.line === undefined ? {} : { line: Number(parts.line), column: Number(parts.column) };
    const file = files.find((each) => each.name === name)?.path ?? name;
    const message = text === 'File not found.' ? notFoundBelow(roots) : text;
    messages.push({ warning: parts?.warning !== undefined, problem: { file, ...place, message } });
  }
  return messages;
}

function notFoundBelow(roots: ProtoFiles['roots']): string {
  const shown = roots.map((root) => {
    const path = relative('.', root);
    if (path === '') return '.';
    return path.startsWith('..') || isAbsolute(path) ? root : path;
  });
  return `File not found below ${shown.join(', ')}; name the folder that it is imported from as a proto path (--proto-path)`;
}
