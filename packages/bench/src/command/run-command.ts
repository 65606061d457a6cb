import { ConfigError, messageOf } from '@micromesh/core';
import { CommandLine } from './command-line.js';

/** A bench as a command. */
export interface BenchCommand<U> {
  /** As npm calls it: `bench:faults`. */
  readonly name: string;
  /** What `--help` prints. */
  readonly help: string;
  /** Reads what the command line says, but for `--help`. @throws ConfigError. */
  read(line: CommandLine): U;
  /** Does it, and gives the exit status. */
  run(usage: U): Promise<number>;
}

/** Runs a bench with this process's arguments. Its exit status is what the bench gives; 1: it failed; 2: the command line is wrong. */
export async function runCommand<U>(command: BenchCommand<U>): Promise<void> {
  try {
    process.exitCode = await obey(command, new CommandLine(process.argv.slice(2)));
  } catch (error) {
    const isUsage = error instanceof ConfigError;
    process.stderr.write(`${command.name}: ${messageOf(error)}${isUsage ? '; see --help' : ''}\n`);
    process.exitCode = isUsage ? 2 : 1;
  }
}

async function obey<U>(command: BenchCommand<U>, line: CommandLine): Promise<number> {
  if (line.flag('help')) {
    process.stdout.write(command.help);
    return 0;
  }
  const usage = command.read(line);
  line.end();
  return command.run(usage);
}
