import { interventionKey } from '@micromesh/client';
import { formatAddress, formatServiceKey, type ServiceKey } from '@micromesh/core';
import type { KeyValueRegistry } from '@micromesh/registry';
import { SUCCESS } from '../command/exit-status.js';
import type { CommandIo } from '../command/io.js';
import { askedRegistry, requireKeyValues } from '../registry/asked-registry.js';
import { parseService } from './service-argument.js';
import { snapshotNow } from './snapshot-now.js';

/** What `micromesh nodes restore` is told. */
export interface RestoreOptions {
  /** As `createMesh` takes it; default MICROMESH_REGISTRY, else the dev agent of this machine. */
  readonly registry?: string;
  readonly json?: boolean;
}

/**
 * Takes a manual ejection back; what a client has ejected by itself stays so until it is well again.
 *
 * @param wanted - the node's id, or its address.
 * @returns the exit status.
 * @throws ConfigError for what cannot be; Error when nobody has ejected the node; RegistryError when the registry does not answer.
 */
export async function restoreNode(
  serviceText: string,
  wanted: string,
  { registry: spec, json = false }: RestoreOptions,
  io: CommandIo,
): Promise<number> {
  const service = parseService(serviceText);
  const asked = askedRegistry(spec, io.env);
  try {
    const registry = requireKeyValues(asked, 'manual ejections');
    const name = formatServiceKey(service);
    const id = await ejectedId(registry, service, wanted);
    if (id === undefined) {
      throw new Error(
        `node ${JSON.stringify(wanted)} of ${name} is not ejected by hand; micromesh nodes ${name} shows which are`,
      );
    }
    await registry.keyValues.delete(interventionKey(service, id));
    const facts = { service: name, registry: registry.description, id, action: 'restore' };
    io.stdout.write(json ? `${JSON.stringify(facts)}\n` : `${id} is restored\n`);
    return SUCCESS;
  } finally {
    await asked.close();
  }
}

/** A node that has gone can be restored too, by its id. */
async function ejectedId(
  registry: KeyValueRegistry,
  service: ServiceKey,
  wanted: string,
): Promise<string | undefined> {
  const isEjected = async (id: string) =>
    (await registry.keyValues.get(interventionKey(service, id))) !== undefined;
  if (await isEjected(wanted)) return wanted;
  const { nodes } = await snapshotNow(registry, service);
  const node = nodes.find(({ address }) => formatAddress(address) === wanted);
  return node !== undefined && (await isEjected(node.id)) ? node.id : undefined;
}
