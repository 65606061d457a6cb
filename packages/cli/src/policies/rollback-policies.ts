import { type Clock, ConfigError, systemClock } from '@micromesh/core';
import type { CommandIo } from '../command/io.js';
import { type ChangeOptions, changePolicies } from './change-policies.js';
import { storedTexts } from './edited.js';
import type { Current } from './opened-policies.js';

/**
 * Puts an earlier version in force again, as a new one.
 *
 * @param versionText - default: the one before that which is in force.
 * @returns the exit status: 1 when the version has an error by today's rules.
 * @throws Error when it is not kept; as {@link changePolicies}.
 */
export function rollbackPolicies(
  versionText: string | undefined,
  options: ChangeOptions,
  io: CommandIo,
  clock: Clock = systemClock,
): Promise<number> {
  const wanted = versionText === undefined ? undefined : parseVersion(versionText);
  return changePolicies(
    {
      action: 'rollback',
      why: wanted === undefined ? 'rollback' : `rollback ${wanted}`,
      async make({ base }, store) {
        const number = wanted ?? versionBefore(base);
        const version = base.pointer?.kept.includes(number) ? await store.version(number) : undefined;
        if (version === undefined) {
          throw new Error(`version ${number} is not kept; micromesh history shows which are`);
        }
        const { resources } = version;
        return { resources, texts: storedTexts(resources), unread: [], rollbackTo: number };
      },
    },
    options,
    io,
    clock,
  );
}

function versionBefore({ pointer }: Current['base']): number {
  const before = pointer?.kept[1];
  if (before !== undefined) return before;
  const there =
    pointer === undefined ? 'nothing was ever applied' : `version ${pointer.version} is the only one`;
  throw new Error(`there is no version to go back to: ${there}`);
}

function parseVersion(text: string): number {
  const number = Number(text);
  if (/^[1-9]\d{0,14}$/.test(text)) return number;
  throw new ConfigError('VERSION', text, 'is no version', 'write a number, as micromesh history shows it');
}
