import type { Command } from 'commander';
import { runConsulCommand } from '../consul/index.js';
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
    .action(async ({ install = false }: { install?: boolean }) => {
      const status = await runConsulCommand(install ? ['--install'] : [], {
        env: io.env,
        print: (line) => io.stdout.write(`${line}\n`),
        report: (line) => io.stderr.write(`${line}\n`),
      });
      exit(status);
    });
}
