import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import {
  formatProblem,
  GenerateError,
  type GenerateResult,
  generate as generateStubs,
} from '@micromesh/generator';
import { FAILED, SUCCESS, WRONG_USAGE } from './command/exit-status.js';

/** The options of `micromesh generate`. */
export interface GenerateCommandOptions {
  /** The output folder. */
  readonly out: string;
  /** Import roots; default: the folders that are generated from. */
  readonly protoPath?: readonly string[];
  /** Print one JSON object: `{ files, written, removed, warnings }`, or `{ problems }`. Default false. */
  readonly json?: boolean;
}

/** Where the command writes its lines: the result, and messages. */
export interface GenerateCommandOutput {
  print(line: string): void;
  report(line: string): void;
}

// What generated code imports.
const RUNTIME_PACKAGES = ['@grpc/grpc-js', '@bufbuild/protobuf/wire'];

/**
 * Runs `micromesh generate <folders or files> --out <folder>`.
 *
 * @returns the exit status: 0, 1 when a .proto is wrong, or 2 when an input is missing or the output folder cannot be written to; nothing
 *   is written then.
 */
export async function generate(
  inputs: readonly string[],
  { out, protoPath = [], json = false }: GenerateCommandOptions,
  { print, report }: GenerateCommandOutput,
): Promise<number> {
  try {
    const result = await generateStubs({ inputs, out, protoPaths: protoPath });
    for (const warning of result.warnings) report(`warning: ${formatProblem(warning)}`);
    const missing = RUNTIME_PACKAGES.filter((name) => !isInstalled(name, out)).map(packageOf);
    if (missing.length > 0)
      report(`the generated code imports what is not installed here: npm install ${missing.join(' ')}`);
    print(json ? JSON.stringify(result) : summary(result, out));
    return SUCCESS;
  } catch (error) {
    if (!(error instanceof GenerateError)) throw error;
    if (json) print(JSON.stringify({ problems: error.problems }));
    report(error.message);
    return error.origin === 'usage' ? WRONG_USAGE : FAILED;
  }
}

function summary({ files, written, removed }: GenerateResult, out: string): string {
  const counts = [`${written.length} written`, `${files.length - written.length} unchanged`];
  if (removed.length > 0) counts.push(`${removed.length} removed`);
  return `${out}: ${files.length} ${files.length === 1 ? 'file' : 'files'} (${counts.join(', ')})`;
}

function isInstalled(name: string, folder: string): boolean {
  try {
    createRequire(join(resolve(folder), 'generated.js')).resolve(name);
    return true;
  } catch {
    return false;
  }
}

function packageOf(name: string): string {
  return name.split('/').slice(0, 2).join('/');
}
