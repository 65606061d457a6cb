import { type Clock, systemClock } from '@micromesh/core';
import type { CommandIo } from '../command/io.js';
import { type ChangeOptions, changePolicies } from './change-policies.js';
import { withFiles } from './edited.js';
import { readPaths } from './read-paths.js';

/** What `micromesh apply` is told. */
export interface ApplyOptions extends ChangeOptions {
  /** Files and folders. */
  readonly filename: readonly string[];
  /** What is in force and not in the files is deleted. */
  readonly prune?: boolean;
}

/**
 * Puts the resources of files in force: those of the same kind, namespace and name are replaced, others stay unless `prune` says otherwise.
 *
 * @returns the exit status: 1 when something is wrong with the set that would be.
 * @throws as {@link changePolicies}.
 */
export async function applyPolicies(
  { filename, prune = false, ...options }: ApplyOptions,
  io: CommandIo,
  clock: Clock = systemClock,
): Promise<number> {
  const files = await readPaths(filename, '--filename');
  const why = `apply ${filename.join(' ')}${prune ? ' --prune' : ''}`;
  return changePolicies(
    { action: 'apply', why, make: ({ version }) => withFiles(files, version, prune) },
    options,
    io,
    clock,
  );
}
