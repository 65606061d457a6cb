import { readResources, resourceId, type StoredResource } from '@micromesh/policy';
import { SUCCESS } from '../command/exit-status.js';
import type { CommandIo } from '../command/io.js';
import { mendFor } from './delete-policy.js';
import { parseKind } from './kind-argument.js';
import { currentOf, stampFacts, stampWords, withPolicies } from './opened-policies.js';
import { counted } from './problems-text.js';

/** What `micromesh get` is told. */
export interface GetOptions {
  /** As `createMesh` takes it; default MICROMESH_REGISTRY, else the dev agent of this machine. */
  readonly registry?: string;
  /** Only of this one; with a name, default `default`. */
  readonly namespace?: string;
  /** Default: a table. */
  readonly output?: 'yaml' | 'json';
  readonly json?: boolean;
}

/**
 * Prints the policies that are in force.
 *
 * @returns the exit status.
 * @throws Error when there is none of the name; ConfigError for what is no kind; RegistryError when the registry does not answer.
 */
export function getPolicies(
  kindText: string | undefined,
  name: string | undefined,
  options: GetOptions,
  io: CommandIo,
): Promise<number> {
  const kind = kindText === undefined ? undefined : parseKind(kindText);
  const namespace = options.namespace ?? (name === undefined ? undefined : 'default');
  const output = options.json === true ? 'json' : options.output;
  return withPolicies(options.registry, io, async ({ registry, store }) => {
    const { version } = await currentOf(store);
    const all = version?.resources ?? [];
    const found = all.filter(
      (resource) =>
        (kind === undefined || resource.kind === kind) &&
        (namespace === undefined || resource.namespace === namespace) &&
        (name === undefined || resource.name === name),
    );
    if (name !== undefined && found.length === 0) {
      const id = resourceId({ kind: kind ?? '', namespace: namespace ?? '', name });
      throw new Error(`there is no ${id}; ${mendFor(id, all.map(resourceId))}`);
    }
    if (output === 'yaml') {
      io.stdout.write(found.map(({ text }) => text).join('---\n'));
    } else if (output === 'json') {
      const facts =
        version === undefined ? { version: null } : { version: version.version, ...stampFacts(version) };
      const list = {
        apiVersion: 'v1',
        kind: 'List',
        metadata: { registry, ...facts },
        items: found.map(itemOf),
      };
      io.stdout.write(`${JSON.stringify(list)}\n`);
    } else {
      const head =
        version === undefined
          ? 'nothing was ever applied'
          : `version ${version.version}, ${stampWords(version)}`;
      io.stdout.write(`${counted(found.length, 'resource')} at ${registry}: ${head}\n${table(found)}`);
    }
    return SUCCESS;
  });
}

function itemOf({ text, file, line }: StoredResource) {
  const [document] = readResources('\n'.repeat(line - 1) + text, file).documents;
  if (document === undefined)
    throw new Error(`${file}:${line} cannot be read; micromesh get -o yaml shows it`);
  const { apiVersion, kind, metadata, spec } = document;
  return { apiVersion, kind, metadata, spec };
}

function table(resources: readonly StoredResource[]): string {
  const rows = resources.map((resource) => ({ ...resource, full: `${resource.namespace}/${resource.name}` }));
  const width = (lengths: readonly number[]) => Math.max(0, ...lengths);
  const kinds = width(rows.map(({ kind }) => kind.length));
  const names = width(rows.map(({ full }) => full.length));
  return rows
    .map(({ kind, full, file, line }) => `${kind.padEnd(kinds)}  ${full.padEnd(names)}  ${file}:${line}\n`)
    .join('');
}
