import { ConfigError, messageOf } from '@micromesh/core';
import { CommanderError } from 'commander';
import { FAILED, SUCCESS, WRONG_USAGE } from './exit-status.js';
import { type CommandIo, processIo } from './io.js';
import { buildProgram } from './program.js';

function ignoreClosedPipe(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') return;
  throw error;
}

/**
 * Runs the command `micromesh`.
 *
 * @param args - as the user wrote them, without node and the script.
 * @returns the exit status: 0, 1 when it failed, 2 when the command line is wrong; 128 + n when signal n ended it.
 */
export async function run(args: readonly string[], io: CommandIo = processIo()): Promise<number> {
  let status: number = SUCCESS;
  // `micromesh ... | head`: who reads has gone, which is no failure of the command; Node would end it with a stack.
  for (const output of [io.stdout, io.stderr]) output.on('error', ignoreClosedPipe);
  const program = buildProgram(io, (code) => {
    status = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    // commander has written its message already; its status of --help and --version is 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? SUCCESS : WRONG_USAGE;
    io.stderr.write(`micromesh: ${messageOf(error)}\n`);
    return error instanceof ConfigError ? WRONG_USAGE : FAILED;
  }
}
