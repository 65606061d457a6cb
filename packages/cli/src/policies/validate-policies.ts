import { hasErrors, readPolicies } from '@micromesh/policy';
import { colorsFor } from '../command/colors.js';
import { FAILED, SUCCESS } from '../command/exit-status.js';
import type { CommandIo } from '../command/io.js';
import { counted, problemCounts, problemsText } from './problems-text.js';
import { readPaths } from './read-paths.js';

/** What `micromesh validate` is told. */
export interface ValidateOptions {
  /** Warnings count as errors. */
  readonly strict?: boolean;
  readonly json?: boolean;
}

/**
 * Looks at files of policies as one set, and prints what is wrong.
 *
 * @returns the exit status: 1 when it would not be applied.
 * @throws ConfigError for a path where there is none.
 */
export async function validatePolicies(
  paths: readonly string[],
  { strict = false, json = false }: ValidateOptions,
  io: CommandIo,
): Promise<number> {
  const files = await readPaths(paths, 'PATH');
  const read = readPolicies(files.texts);
  const problems = [...files.problems, ...read.problems];
  const isBad = hasErrors(problems) || (strict && problems.length > 0);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (json) {
    const facts = {
      files: files.texts.length,
      resources: read.resources.length,
      errors,
      warnings: problems.length - errors,
    };
    io.stdout.write(`${JSON.stringify({ ...facts, problems })}\n`);
  } else {
    io.stdout.write(problemsText(problems, colorsFor(io.stdout, io.env)));
    const what = `${counted(read.resources.length, 'resource')} in ${counted(files.texts.length, 'file')}`;
    const verdict = problems.length === 0 ? 'nothing is wrong' : problemCounts(problems);
    io.stdout.write(`${what}: ${verdict}${isBad ? '; nothing of it is applied' : ''}\n`);
  }
  return isBad ? FAILED : SUCCESS;
}
