import { ConfigError, checkNumber, checkOptionNames } from '@micromesh/core';
import type { PolicyPlace } from '../policy-source.js';

/** How a folder of policies is watched. */
export interface FolderOptions {
  /** How long it has to be quiet after a change before it is read, in ms; default 100, from 1. */
  readonly debounceMs?: number;
  /** How often it is looked at where the file system tells nothing, in ms; default 5000, from 10. */
  readonly pollMs?: number;
}

/**
 * Policies in a folder: every `.yaml`, `.yml` and `.json` file below it, but for those whose names begin with `.`, `#` or `~`. They are
 * applied as a whole or not at all, and again when one of them changes. While the folder is not there, what it said last stays in force.
 *
 * @param path - as seen from the working directory; of a folder, or of one file.
 * @throws ConfigError for a path that is empty, and for options that are none.
 */
export function folder(path: string, options: FolderOptions = {}): PolicyPlace {
  if (typeof path !== 'string' || path === '') {
    throw new ConfigError('folder', path, 'is no path', "give one, e.g. './policies'");
  }
  checkOptionNames('folder', options, ['debounceMs', 'pollMs']);
  const settings = {
    debounceMs: checkNumber('folder.debounceMs', options.debounceMs ?? 100, 1, 60_000),
    pollMs: checkNumber('folder.pollMs', options.pollMs ?? 5_000, 10),
  };
  return {
    description: `folder ${path}`,
    async open({ clock, logger }) {
      const { FolderPolicies } = await import('./folder-policies.js');
      return new FolderPolicies(path, settings, clock, logger);
    },
  };
}
