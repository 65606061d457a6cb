import { checkOptionNames } from '@micromesh/core';
import { GenerateError, type GenerateProblem } from './generate-error.js';
import { handlerTypes } from './handler-types.js';
import { writeOutput } from './output-folder.js';
import { findProtoFiles } from './proto-files.js';
import { compileProtos } from './protoc.js';
import { completeServiceDefinitions } from './service-definitions.js';
import { type GeneratedFile, runTsProto } from './ts-proto.js';

/** What to generate, and where to. */
export interface GenerateOptions {
  /** Folders, searched for .proto files, and .proto files. */
  readonly inputs: readonly string[];
  /** The output folder. It is made where it is missing; one run owns it: generated files of an earlier run go. */
  readonly out: string;
  /**
   * Import roots: `import "hello/v1/hello.proto"` is looked for below each, and outputs are named as seen from them. Default:
   * each folder of `inputs`; of a file, the folder above those that its package names (`proto` for `proto/hello/v1/hello.proto`
   * with `package hello.v1`), else the folder that it is in.
   */
  readonly protoPaths?: readonly string[];
}

/** What was generated. */
export interface GenerateResult {
  /** All generated files, written or unchanged, relative to `out`, sorted. */
  readonly files: readonly string[];
  /** Those of `files` that were new or differed. */
  readonly written: readonly string[];
  /** Generated files of an earlier run that were taken away. */
  readonly removed: readonly string[];
  /** What protoc warns of. */
  readonly warnings: readonly GenerateProblem[];
}

/**
 * Writes TypeScript stubs for .proto files: messages, service definitions, grpc-js clients, and handler types in
 * `*.handlers.ts`. Needs no network and nothing but npm packages.
 *
 * @throws GenerateError with file, line and column when a .proto is wrong, or an input is missing; nothing is written then.
 * @throws ConfigError for an unknown option.
 */
export async function generate(options: GenerateOptions): Promise<GenerateResult> {
  checkOptionNames('generate', options, ['inputs', 'out', 'protoPaths']);
  const { inputs, out, protoPaths = [] } = options;
  if (inputs.length === 0) throw new GenerateError([{ message: 'name a folder or a .proto file' }], 'usage');

  const protos = await findProtoFiles(inputs, protoPaths);
  const { descriptors, warnings } = await compileProtos(protos);
  const stubs = await runTsProto(
    descriptors,
    protos.files.map(({ name }) => name),
  );
  const files: GeneratedFile[] = [];
  for (const stub of stubs) {
    const descriptor = descriptors.file.find(({ name }) => stubPathOf(name) === stub.path);
    if (descriptor === undefined || descriptor.service.length === 0) {
      files.push(stub);
    } else {
      const content = completeServiceDefinitions(stub.content, descriptor, descriptors);
      files.push({ path: stub.path, content }, handlerTypes(descriptor, stub.path));
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  checkPaths(files);
  const { written, removed } = await writeOutput(out, files);
  return { files: files.map(({ path }) => path), written, removed, warnings };
}

function stubPathOf(protoName: string): string {
  return protoName.replace(/\.proto$/, '.ts');
}

// `hello.handlers.proto` beside `hello.proto`; names that differ in case only would be one file on some systems.
function checkPaths(files: readonly GeneratedFile[]): void {
  const seen = new Map<string, string>();
  for (const { path } of files) {
    const earlier = seen.get(path.toLowerCase());
    if (earlier !== undefined) {
      throw new GenerateError([
        { message: `two .proto files give ${earlier} and ${path}, which are one file; rename one` },
      ]);
    }
    seen.set(path.toLowerCase(), path);
  }
}
