import type { Command } from 'commander';
import type { GenerateCommandOptions } from '../generate.js';
import type { CommandIo } from './io.js';

const HELP = `
Imports and outputs are named as seen from an import root: shop/v1/shop.proto below proto gives <out>/shop/v1/shop.ts.
The root of a .proto file is the first of these:
  the --proto-path that holds it
  the folder that was given, where it was found in one
  the folder above those that its package names: proto for proto/shop/v1/shop.proto with package shop.v1
  the folder that it is in

Examples:
  $ micromesh generate proto --out src/gen
  $ micromesh generate proto/shop/v1/shop.proto --out src/gen
  $ micromesh generate services/shop/proto --proto-path services/shop/proto shared/proto --out src/gen

Exit status: 0 done, 1 a .proto is wrong (file:line:column), 2 wrong usage: an input is missing, say.`;

/** Adds `micromesh generate`: TypeScript stubs from .proto files. */
export function addGenerateCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  const command: Command = program
    .command('generate')
    .description(
      'write TypeScript stubs for .proto files: messages, service definitions, clients, handler types',
    )
    .argument('<inputs...>', 'folders, searched for .proto files, and .proto files')
    .option('--out <folder>', 'where to; generated files of an earlier run that are not needed go')
    .option('--proto-path <folders...>', 'import roots; default: see below')
    .option('--json', 'print one JSON object: { files, written, removed, warnings }, or { problems }')
    .addHelpText('after', HELP)
    .action(async (inputs: string[], flags: Partial<GenerateCommandOptions>) => {
      const { out, ...options } = flags;
      // Not commander's `requiredOption`: that complains of it before an option that is misspelt.
      if (out === undefined) command.error("error: required option '--out <folder>' not specified");
      const { generate } = await import('../generate.js');
      const status = await generate(
        inputs,
        { ...options, out },
        {
          print: (line) => io.stdout.write(`${line}\n`),
          report: (line) => io.stderr.write(`${line}\n`),
        },
      );
      exit(status);
    });
}
