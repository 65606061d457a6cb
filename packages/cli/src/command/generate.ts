import type { Command } from 'commander';
import { type GenerateCommandOptions, generate } from '../generate.js';
import type { CommandIo } from './io.js';

/** Adds `micromesh generate`: TypeScript stubs from .proto files. */
export function addGenerateCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  program
    .command('generate')
    .description(
      'write TypeScript stubs for .proto files: messages, service definitions, clients, handler types',
    )
    .argument('<inputs...>', 'folders, searched for .proto files, and .proto files')
    .requiredOption('--out <folder>', 'where to; generated files of an earlier run that are not needed go')
    .option('--proto-path <folders...>', 'import roots; default: the folders that are generated from')
    .option('--json', 'print one JSON object: { files, written, removed, warnings }, or { problems }')
    .addHelpText(
      'after',
      '\nExample:\n  $ micromesh generate proto --out src/gen\n\nExit status: 0 done, 1 a .proto is wrong (file:line:column), 2 wrong usage.',
    )
    .action(async (inputs: string[], options: GenerateCommandOptions) => {
      const status = await generate(inputs, options, {
        print: (line) => io.stdout.write(`${line}\n`),
        report: (line) => io.stderr.write(`${line}\n`),
      });
      exit(status);
    });
}
