import { ConfigError, messageOf } from '@micromesh/core';
import type { Command } from 'commander';
import { FAILED, SUCCESS, WRONG_USAGE } from './exit-status.js';
import type { CommandIo } from './io.js';

/** Adds `micromesh consul`: where a Consul binary is, and how to get one. */
export function addConsulCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  program
    .command('consul')
    .description('print the path of a Consul binary: MICROMESH_CONSUL_BIN, PATH, the cache folder')
    .option('--install', "get one with the machine's own package manager where there is none")
    .addHelpText(
      'after',
      '\nExample:\n  $ $(micromesh consul --install) agent -dev\n\nExit status: 0 found, 1 the installation failed, 2 there is none.',
    )
    .action(async ({ install = false }: { install?: boolean }) => exit(await printPath(install, io)));
}

async function printPath(install: boolean, { env, stdout, stderr }: CommandIo): Promise<number> {
  const report = (line: string) => stderr.write(`${line}\n`);
  const { findConsul, NO_CONSUL_MESSAGE } = await import('../stage/index.js');
  try {
    const found = await findConsul({ env, install, onProgress: report });
    if (found === undefined) {
      report(NO_CONSUL_MESSAGE);
      return WRONG_USAGE;
    }
    stdout.write(`${found.path}\n`);
    return SUCCESS;
  } catch (error) {
    report(messageOf(error));
    return error instanceof ConfigError ? WRONG_USAGE : FAILED;
  }
}
