import { type Clock, nearestName, systemClock } from '@micromesh/core';
import { resourceId } from '@micromesh/policy';
import type { CommandIo } from '../command/io.js';
import { type ChangeOptions, changePolicies } from './change-policies.js';
import { storedTexts } from './edited.js';
import { parseKind } from './kind-argument.js';

/** What `micromesh delete` is told. */
export interface DeleteOptions extends ChangeOptions {
  /** Default: `default`. */
  readonly namespace?: string;
}

/**
 * Takes one resource out of the policies that are in force.
 *
 * @returns the exit status: 1 when what is left has an error: a rule that delegates to it, say.
 * @throws Error when there is no such resource; as {@link changePolicies}.
 */
export function deletePolicy(
  kindText: string,
  name: string,
  { namespace = 'default', ...options }: DeleteOptions,
  io: CommandIo,
  clock: Clock = systemClock,
): Promise<number> {
  const kind = parseKind(kindText);
  const id = resourceId({ kind, namespace, name });
  return changePolicies(
    {
      action: 'delete',
      why: `delete ${id}`,
      make({ version }) {
        const before = version?.resources ?? [];
        const resources = before.filter((resource) => resourceId(resource) !== id);
        if (version === undefined || resources.length === before.length) {
          throw new Error(`there is no ${id}; ${mendFor(id, before.map(resourceId))}`);
        }
        return { resources, texts: storedTexts(resources), unread: [] };
      },
    },
    options,
    io,
    clock,
  );
}

/** What to do where a resource is not there. */
export function mendFor(id: string, there: readonly string[]): string {
  const near = nearestName(id, there);
  return near === undefined ? 'micromesh get shows what there is' : `did you mean ${near}?`;
}
