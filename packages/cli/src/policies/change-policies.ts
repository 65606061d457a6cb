import { type Clock, systemClock } from '@micromesh/core';
import {
  BrokenPolicyStoreError,
  changesAnything,
  checkStamp,
  hasErrors,
  type PolicyChange,
  type PolicyStore,
  type PolicyVersion,
  policyChanges,
  readPolicies,
} from '@micromesh/policy';
import { colorsFor } from '../command/colors.js';
import { FAILED, SUCCESS } from '../command/exit-status.js';
import type { CommandIo } from '../command/io.js';
import { whoAmI } from '../command/who-am-i.js';
import { changesText, shownChange } from './changes-text.js';
import type { Edited } from './edited.js';
import { type Current, currentOf, stampFacts, stampWords, withPolicies } from './opened-policies.js';
import { problemCounts, problemsText } from './problems-text.js';

/** What every command that changes policies is told. */
export interface ChangeOptions {
  /** As `createMesh` takes it; default MICROMESH_REGISTRY, else the dev agent of this machine. */
  readonly registry?: string;
  /** Why; default: the command. */
  readonly message?: string;
  /** Who; default: the user and the machine. */
  readonly as?: string;
  /** Only says what would be. */
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** How a command changes policies. */
export interface Edit {
  readonly action: 'apply' | 'delete' | 'rollback';
  /** Where nobody says why. */
  readonly why: string;
  /** @throws Error when it cannot be done. */
  make(current: Current, store: PolicyStore): Edited | Promise<Edited>;
}

/**
 * Changes the policies that are in force: all of it, or nothing where the set that would be has an error.
 *
 * @returns the exit status.
 * @throws ConfigError for what cannot be; PolicyConflictError when somebody else was faster; RegistryError when the registry does not answer.
 */
export function changePolicies(
  { action, why, make }: Edit,
  options: ChangeOptions,
  io: CommandIo,
  clock: Clock = systemClock,
): Promise<number> {
  const { json = false, dryRun = false } = options;
  const stamp = { who: options.as ?? whoAmI(io.env), atMs: clock.wallNow(), why: options.message ?? why };
  checkStamp(stamp);
  return withPolicies(options.registry, io, async ({ registry, store }) => {
    const current = action === 'rollback' ? await currentOrBroken(store) : await currentOf(store);
    const { resources, texts, unread, rollbackTo } = await make(current, store);
    const before = current.version?.resources ?? [];
    const changes = policyChanges(before, resources);
    const problems = [...unread, ...readPolicies(texts).problems];
    const facts = { registry, action, dryRun };
    if (hasErrors(problems)) {
      if (json) io.stdout.write(`${JSON.stringify({ ...facts, written: false, problems })}\n`);
      else {
        io.stderr.write(problemsText(problems, colorsFor(io.stderr, io.env)));
        io.stderr.write(`micromesh: ${problemCounts(problems)}; nothing was written\n`);
      }
      return FAILED;
    }
    const isWritten = !dryRun && changesAnything(changes);
    const version = isWritten
      ? await store.commit(current.base, resources, stamp, rollbackTo)
      : current.version;
    if (json) {
      const shown = { version: version?.version ?? null, previous: current.base.pointer?.version ?? null };
      const stamped = version === undefined ? {} : stampFacts(version);
      const all = {
        ...facts,
        written: isWritten,
        ...shown,
        ...stamped,
        changes: changes.map(shownChange),
        problems,
      };
      io.stdout.write(`${JSON.stringify(all)}\n`);
    } else {
      io.stderr.write(problemsText(problems, colorsFor(io.stderr, io.env)));
      io.stdout.write(changesText(changes, colorsFor(io.stdout, io.env)));
      io.stdout.write(`${verdict(version, isWritten, dryRun, changes)}\n`);
    }
    return SUCCESS;
  });
}

/** Going back is how a version that cannot be read is mended. */
async function currentOrBroken(store: PolicyStore): Promise<Current> {
  const base = await store.base();
  try {
    return { base, version: await store.current(base) };
  } catch (error) {
    if (error instanceof BrokenPolicyStoreError) return { base, version: undefined };
    throw error;
  }
}

function verdict(
  version: PolicyVersion | undefined,
  isWritten: boolean,
  dryRun: boolean,
  changes: readonly PolicyChange[],
): string {
  const inForce = version === undefined ? 'no version is in force' : `version ${version.version} is in force`;
  const stamp = version === undefined ? '' : `, ${stampWords(version)}`;
  if (isWritten) return inForce + stamp;
  const nothing = changesAnything(changes) && dryRun ? 'nothing was written' : 'nothing changes';
  return `${nothing}: ${inForce}${stamp}`;
}
