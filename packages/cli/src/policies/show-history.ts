import { messageOf } from '@micromesh/core';
import { BrokenPolicyStoreError, type PolicyStore, type PolicyVersion } from '@micromesh/policy';
import { SUCCESS } from '../command/exit-status.js';
import type { CommandIo } from '../command/io.js';
import { stampFacts, withPolicies } from './opened-policies.js';
import { counted } from './problems-text.js';

/** What `micromesh history` is told. */
export interface HistoryOptions {
  /** As `createMesh` takes it; default MICROMESH_REGISTRY, else the dev agent of this machine. */
  readonly registry?: string;
  readonly json?: boolean;
}

type Line =
  | { readonly number: number; readonly version: PolicyVersion }
  | { readonly number: number; readonly problem: string };

/**
 * Prints the versions that can be gone back to, the newest first.
 *
 * @returns the exit status.
 * @throws RegistryError when the registry does not answer.
 */
export function showHistory(
  { registry: spec, json = false }: HistoryOptions,
  io: CommandIo,
): Promise<number> {
  return withPolicies(spec, io, async ({ registry, store }) => {
    const { pointer } = await store.base();
    const lines: Line[] = [];
    for (const number of pointer?.kept ?? []) lines.push(await lineOf(store, number));
    const current = pointer?.version;
    if (json) {
      const versions = lines.map((line) => ({
        version: line.number,
        inForce: line.number === current,
        ...factsOf(line),
      }));
      io.stdout.write(`${JSON.stringify({ registry, versions })}\n`);
    } else if (lines.length === 0) io.stdout.write(`nothing was ever applied at ${registry}\n`);
    else io.stdout.write(tableOf(lines, current));
    return SUCCESS;
  });
}

async function lineOf(store: PolicyStore, number: number): Promise<Line> {
  try {
    const version = await store.version(number);
    return version === undefined ? { number, problem: 'is not there' } : { number, version };
  } catch (error) {
    if (error instanceof BrokenPolicyStoreError) return { number, problem: messageOf(error) };
    throw error;
  }
}

function factsOf(line: Line) {
  if ('problem' in line) return { problem: line.problem };
  const { version } = line;
  return {
    ...stampFacts(version),
    resources: version.resources.length,
    rollbackTo: version.rollbackTo ?? null,
  };
}

function tableOf(lines: readonly Line[], current: number | undefined): string {
  const rows = lines.map((line) => {
    const mark = line.number === current ? '*' : ' ';
    if ('problem' in line) return [`${mark} ${line.number}`, '', '', '', line.problem];
    const { who, at, why } = stampFacts(line.version);
    return [`${mark} ${line.number}`, at, who, counted(line.version.resources.length, 'resource'), why];
  });
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
