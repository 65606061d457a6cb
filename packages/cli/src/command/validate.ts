import type { Command } from 'commander';
import type { ValidateOptions } from '../policies/validate-policies.js';
import type { CommandIo } from './io.js';

const HELP = `
All paths together are one set: of a folder every .yaml, .yml and .json file below it, but for those that begin with ., # or ~.
Each problem has its file, line and column, and the mend.

Examples:
  $ micromesh validate policies
  $ micromesh validate policies/hello.yaml policies/user.yaml --strict
  $ micromesh validate policies --json

Exit status: 0 it can be applied, 1 it has errors (with --strict, or warnings), 2 wrong usage: there is no such file, say.`;

/** Adds `micromesh validate`: what is wrong with files of policies. */
export function addValidateCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  program
    .command('validate')
    .description(
      "look at files of policies (Istio's VirtualService, DestinationRule, and our own kinds) before they are applied",
    )
    .argument('<paths...>', 'files and folders')
    .option('--strict', 'warnings count as errors')
    .option('--json', 'print one JSON object: { files, resources, errors, warnings, problems }')
    .addHelpText('after', HELP)
    .action(async (paths: string[], flags: ValidateOptions) => {
      const { validatePolicies } = await import('../policies/validate-policies.js');
      exit(await validatePolicies(paths, flags, io));
    });
}
