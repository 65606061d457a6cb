import { messageOf } from '@micromesh/core';
import {
  changesAnything,
  hasErrors,
  type PolicyChange,
  policyChanges,
  readPolicies,
  resourceId,
} from '@micromesh/policy';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { type Colors, colorsFor } from '../command/colors.js';
import { FAILED, SUCCESS, WRONG_USAGE } from '../command/exit-status.js';
import type { CommandIo } from '../command/io.js';
import { shownChange } from './changes-text.js';
import { withFiles } from './edited.js';
import { currentOf, withPolicies } from './opened-policies.js';
import { problemsText } from './problems-text.js';
import { readPaths } from './read-paths.js';

/** What `micromesh diff` is told. */
export interface DiffOptions {
  /** Files and folders. */
  readonly filename: readonly string[];
  /** What is in force and not in the files counts as deleted. */
  readonly prune?: boolean;
  /** As `createMesh` takes it; default MICROMESH_REGISTRY, else the dev agent of this machine. */
  readonly registry?: string;
  readonly json?: boolean;
}

/**
 * Prints what `apply` would change.
 *
 * @returns the exit status: 0 nothing, 1 something, 2 when it cannot be told.
 */
export async function diffPolicies(options: DiffOptions, io: CommandIo): Promise<number> {
  try {
    return await differences(options, io);
  } catch (error) {
    // 1 says that something differs.
    io.stderr.write(`micromesh: ${messageOf(error)}\n`);
    return WRONG_USAGE;
  }
}

async function differences(
  { filename, prune = false, registry: spec, json = false }: DiffOptions,
  io: CommandIo,
): Promise<number> {
  const files = await readPaths(filename, '--filename');
  return withPolicies(spec, io, async ({ registry, store }) => {
    const { version } = await currentOf(store);
    const { resources, texts, unread } = withFiles(files, version, prune);
    const problems = [...unread, ...readPolicies(texts).problems];
    const isBad = hasErrors(problems);
    const changes = isBad ? [] : policyChanges(version?.resources ?? [], resources);
    const shown = changes.filter(({ change }) => change !== 'unchanged');
    if (json) {
      const facts = shown.map((change) => ({ ...shownChange(change), patch: patchOf(change) }));
      io.stdout.write(
        `${JSON.stringify({ registry, version: version?.version ?? null, changes: facts, problems })}\n`,
      );
    } else {
      io.stderr.write(problemsText(problems, colorsFor(io.stderr, io.env)));
      const colors = colorsFor(io.stdout, io.env);
      for (const change of shown) io.stdout.write(coloured(patchOf(change), colors));
    }
    if (isBad) return WRONG_USAGE;
    return changesAnything(changes) ? FAILED : SUCCESS;
  });
}

/** A unified diff; of a resource that is only moved, its two headings. */
function patchOf({ before, after }: PolicyChange): string {
  const some = after ?? before;
  const id = some === undefined ? '' : resourceId(some);
  const place = (resource: typeof some) =>
    resource === undefined ? '/dev/null' : `${id} ${resource.file}:${resource.line}`;
  const [old, now] = [before?.text ?? '', after?.text ?? ''];
  const options = { headerOptions: FILE_HEADERS_ONLY };
  return createTwoFilesPatch(place(before), place(after), old, now, undefined, undefined, options);
}

function coloured(patch: string, colors: Colors): string {
  return patch.replaceAll(/^.*$/gm, (line) => {
    if (/^(---|\+\+\+) /.test(line)) return colors.bold(line);
    if (line.startsWith('+')) return colors.green(line);
    if (line.startsWith('-')) return colors.red(line);
    return line.startsWith('@@') ? colors.cyan(line) : line;
  });
}
