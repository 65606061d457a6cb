import type { Command } from 'commander';
import type { ApplyOptions } from '../policies/apply-policies.js';
import type { ChangeOptions } from '../policies/change-policies.js';
import type { DeleteOptions } from '../policies/delete-policy.js';
import type { CommandIo } from './io.js';
import { REGISTRY_HELP } from './registry-help.js';

const FACTS = '{ registry, action, dryRun, written, version, previous, who, at, why, changes, problems }';
const STATUS =
  '1 nothing was written: it has errors, somebody else was faster, or the registry does not answer';

const APPLY_HELP = `
The set that is in force is taken, each resource of the files put in the place of the one of its kind, namespace and name, and the whole
validated; it is a new version, and in force everywhere at once. Nothing is written where there is an error. Of two who apply at
the same time the second is told, and may repeat. 50 versions are kept; larger sets are compressed (zlib), and must then fit into
512 KB.

Examples:
  $ micromesh apply -f policies --message "10 % to v2"
  $ micromesh apply -f policies --prune --dry-run
  $ micromesh apply -f hello.yaml --registry consul://127.0.0.1:8500 --as anna --json

Exit status: 0 applied, or nothing changes, ${STATUS}, 2 wrong usage.`;

const DELETE_HELP = `
Examples:
  $ micromesh delete VirtualService hello
  $ micromesh delete dr hello --namespace shop --message "not used any more"

Exit status: 0 deleted, ${STATUS}, or there is none, 2 wrong usage.`;

const ROLLBACK_HELP = `
An earlier version is in force again, as a new one: going back can itself be gone back on.

Examples:
  $ micromesh rollback
  $ micromesh rollback 7 --message "v2 is slow"

Exit status: 0 gone back, ${STATUS}, or the version is not kept, 2 wrong usage.`;

/** Adds `micromesh apply`, `delete` and `rollback`: what changes the policies that are in force. */
export function addChangeCommands(program: Command, io: CommandIo, exit: (status: number) => void): void {
  addApplyCommand(program, io, exit);
  addDeleteCommand(program, io, exit);
  addRollbackCommand(program, io, exit);
}

function addApplyCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  const apply: Command = withChangeOptions(
    program
      .command('apply')
      .description("put policies in force that are in files, by way of the registry's key-value store")
      .option('-f, --filename <paths...>', 'files and folders')
      .option('--prune', 'delete what is in force and not in the files'),
  )
    .addHelpText('after', APPLY_HELP)
    .action(async ({ filename, ...flags }: Partial<ApplyOptions>) => {
      if (filename === undefined)
        apply.error("error: required option '-f, --filename <paths...>' not specified");
      const { applyPolicies } = await import('../policies/apply-policies.js');
      exit(await applyPolicies({ ...flags, filename }, io));
    });
}

function addDeleteCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  withChangeOptions(
    program
      .command('delete')
      .description('take a resource out of the policies that are in force')
      .argument('<kind>', 'VirtualService (vs), DestinationRule (dr), RateLimit or ConcurrencyLimit')
      .argument('<name>', 'its metadata.name')
      .option('-n, --namespace <name>', 'its metadata.namespace (default: default)')
      .option('--force', 'also where rules are left without the subsets that they send calls to'),
  )
    .addHelpText('after', DELETE_HELP)
    .action(async (kind: string, name: string, flags: DeleteOptions) => {
      const { deletePolicy } = await import('../policies/delete-policy.js');
      exit(await deletePolicy(kind, name, flags, io));
    });
}

function addRollbackCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  withChangeOptions(
    program
      .command('rollback')
      .description('put an earlier version of the policies in force again')
      .argument('[version]', 'as micromesh history shows it (default: the one before)'),
  )
    .addHelpText('after', ROLLBACK_HELP)
    .action(async (version: string | undefined, flags: ChangeOptions) => {
      const { rollbackPolicies } = await import('../policies/rollback-policies.js');
      exit(await rollbackPolicies(version, flags, io));
    });
}

function withChangeOptions(command: Command): Command {
  return command
    .option('--registry <registry>', REGISTRY_HELP)
    .option('-m, --message <text>', 'why, for those who read the history (default: the command)')
    .option('--as <name>', 'who says so (default: user@machine)')
    .option('--dry-run', 'only say what would change')
    .option('--json', `print one JSON object: ${FACTS}`);
}
