import type { Command } from 'commander';
import type { DiffOptions } from '../policies/diff-policies.js';
import type { GetOptions } from '../policies/get-policies.js';
import type { HistoryOptions } from '../policies/show-history.js';
import { oneOf } from './arguments.js';
import type { CommandIo } from './io.js';
import { REGISTRY_HELP } from './registry-help.js';

const GET_HELP = `
Examples:
  $ micromesh get
  $ micromesh get vs
  $ micromesh get VirtualService hello -o yaml > hello.yaml

Exit status: 0 shown, 1 there is none of the name, or the registry does not answer, 2 wrong usage.`;

const DIFF_HELP = `
Examples:
  $ micromesh diff -f policies
  $ micromesh diff -f policies --prune --json

Exit status: 0 nothing would change, 1 something would, 2 it cannot be told: the files have errors, the registry does not answer, or
wrong usage.`;

const HISTORY_HELP = `
The version with a star is in force. The newest 50 are kept.

Example:
  $ micromesh history

Exit status: 0 shown, 1 the registry does not answer, 2 wrong usage.`;

/** Adds `micromesh get`, `diff` and `history`: what the policies are and were. */
export function addShowCommands(program: Command, io: CommandIo, exit: (status: number) => void): void {
  addGetCommand(program, io, exit);
  addDiffCommand(program, io, exit);
  addHistoryCommand(program, io, exit);
}

function addGetCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  program
    .command('get')
    .description('show the policies that are in force')
    .argument('[kind]', 'VirtualService (vs), DestinationRule (dr), RateLimit or ConcurrencyLimit')
    .argument('[name]', 'its metadata.name')
    .option('-n, --namespace <name>', 'only of this one (with a name: default)')
    .option('-o, --output <format>', 'yaml: as it was written; json: one List', oneOf(['yaml', 'json']))
    .option('--registry <registry>', REGISTRY_HELP)
    .option('--json', 'the same as -o json')
    .addHelpText('after', GET_HELP)
    .action(async (kind: string | undefined, name: string | undefined, flags: GetOptions) => {
      const { getPolicies } = await import('../policies/get-policies.js');
      exit(await getPolicies(kind, name, flags, io));
    });
}

function addDiffCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  const diff: Command = program
    .command('diff')
    .description('show what apply would change')
    .option('-f, --filename <paths...>', 'files and folders')
    .option('--prune', 'what is in force and not in the files counts as deleted')
    .option('--registry <registry>', REGISTRY_HELP)
    .option('--json', 'print one JSON object: { registry, version, changes, problems }')
    .addHelpText('after', DIFF_HELP)
    .action(async ({ filename, ...flags }: Partial<DiffOptions>) => {
      if (filename === undefined)
        diff.error("error: required option '-f, --filename <paths...>' not specified");
      const { diffPolicies } = await import('../policies/diff-policies.js');
      exit(await diffPolicies({ ...flags, filename }, io));
    });
}

function addHistoryCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  program
    .command('history')
    .description('show the versions of the policies that can be gone back to')
    .option('--registry <registry>', REGISTRY_HELP)
    .option('--json', 'print one JSON object: { registry, versions }')
    .addHelpText('after', HISTORY_HELP)
    .action(async (flags: HistoryOptions) => {
      const { showHistory } = await import('../policies/show-history.js');
      exit(await showHistory(flags, io));
    });
}
