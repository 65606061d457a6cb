import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  type FileDescriptorSet,
} from '@bufbuild/protobuf/wkt';
import { GenerateError } from './generate-error.js';
import { runTool } from './tool.js';

/** A file to be written. */
export interface GeneratedFile {
  /** Relative to the output folder, with forward slashes. */
  readonly path: string;
  readonly content: string;
}

const PARAMETER = [
  'outputServices=grpc-js',
  'env=node',
  'esModuleInterop=true',
  'forceLong=bigint',
  'oneof=unions-value',
  'importSuffix=.js',
  // Every file would export its own DeepPartial; `export *` from two of them would clash.
  'exportCommonSymbols=false',
  'annotateFilesWithVersion=false',
].join(',');

/**
 * Has ts-proto write TypeScript for the files and for what they import.
 *
 * @throws GenerateError when ts-proto cannot.
 */
export async function runTsProto(
  descriptors: FileDescriptorSet,
  names: readonly string[],
): Promise<GeneratedFile[]> {
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: [...names],
    parameter: PARAMETER,
    protoFile: descriptors.file,
  });
  const { exitCode, stdout, stderr } = await runTool(
    'ts-proto',
    'protoc-gen-ts_proto',
    [],
    toBinary(CodeGeneratorRequestSchema, request),
  );
  if (exitCode !== 0) throw new GenerateError([{ message: `ts-proto failed: ${stderr}` }]);
  const response = fromBinary(CodeGeneratorResponseSchema, stdout);
  if (response.error !== '') throw new GenerateError([{ message: `ts-proto failed: ${response.error}` }]);
  return response.file.map(({ name, content }) => ({ path: name, content }));
}
