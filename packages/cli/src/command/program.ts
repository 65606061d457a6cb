import type { Command } from 'commander';
import { addChangeCommands } from './change-policies.js';
import { addConsulCommand } from './consul.js';
import { addDemoCommand } from './demo.js';
import { addExplainCommand } from './explain.js';
import { addGenerateCommand } from './generate.js';
import { GuidingCommand } from './guiding-command.js';
import type { CommandIo } from './io.js';
import { addNodesCommand } from './nodes.js';
import { addShowCommands } from './show-policies.js';
import { addValidateCommand } from './validate.js';
import { readVersion } from './version.js';

/** Adds one command to the program, or some that belong together; an action hands the exit status to `exit`. */
export type AddCommand = (program: Command, io: CommandIo, exit: (status: number) => void) => void;

const COMMANDS: readonly AddCommand[] = [
  addDemoCommand,
  addNodesCommand,
  addValidateCommand,
  addChangeCommands,
  addShowCommands,
  addExplainCommand,
  addGenerateCommand,
  addConsulCommand,
];

/** Builds the command line; errors and `--help` are thrown as CommanderError. */
export function buildProgram(io: CommandIo, exit: (status: number) => void): Command {
  const program = new GuidingCommand('micromesh')
    .description('A proxyless gRPC service mesh for Node.js on Consul.')
    .version(readVersion(), '-v, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    })
    .addHelpText('after', '\nExample:\n  $ micromesh demo --scenario kill --nodes 3 --rps 400 --seconds 8');
  for (const add of COMMANDS) add(program, io, exit);
  return program;
}
