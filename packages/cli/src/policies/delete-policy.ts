import { type Clock, nearestName, systemClock } from '@micromesh/core';
import { type PolicyText, readPolicies, resourceId } from '@micromesh/policy';
import type { CommandIo } from '../command/io.js';
import { type ChangeOptions, changePolicies } from './change-policies.js';
import { storedTexts } from './edited.js';
import { parseKind } from './kind-argument.js';

/** What `micromesh delete` is told. */
export interface DeleteOptions extends ChangeOptions {
  /** Default: `default`. */
  readonly namespace?: string;
  /** Also where rules are left without the subsets that they send calls to. */
  readonly force?: boolean;
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
  { namespace = 'default', force = false, ...options }: DeleteOptions,
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
        const texts = storedTexts(resources);
        if (!force) refuseOrphans(id, texts, storedTexts(before));
        return { resources, texts, unread: [] };
      },
    },
    options,
    io,
    clock,
  );
}

/** A rule whose subset has gone ends every call that it takes; only the operator knows whether another source defines it. */
function refuseOrphans(id: string, left: readonly PolicyText[], before: readonly PolicyText[]): void {
  const known = new Set(undefinedSubsets(before));
  const orphans = undefinedSubsets(left).filter((path) => !known.has(path));
  if (orphans.length === 0) return;
  throw new Error(
    `without ${id} calls would fail at ${orphans.join(', ')}: nothing else here defines these subsets; change those rules first, or use --force`,
  );
}

function undefinedSubsets(texts: readonly PolicyText[]): readonly string[] {
  const { problems } = readPolicies(texts);
  return problems.filter(({ path }) => path.endsWith('.subset')).map(({ file, path }) => `${file} ${path}`);
}

/** What to do where a resource is not there. */
export function mendFor(id: string, there: readonly string[]): string {
  const near = nearestName(id, there);
  return near === undefined ? 'micromesh get shows what there is' : `did you mean ${near}?`;
}
