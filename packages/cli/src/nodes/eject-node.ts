import {
  checkIntervention,
  formatIntervention,
  type Intervention,
  interventionKey,
  interventionsInForce,
  interventionWords,
} from '@micromesh/client';
import { type Clock, formatAddress, formatServiceKey, systemClock } from '@micromesh/core';
import type { KeyValueStore } from '@micromesh/registry';
import { SUCCESS } from '../command/exit-status.js';
import type { CommandIo } from '../command/io.js';
import { whoAmI } from '../command/who-am-i.js';
import { askedRegistry, requireKeyValues } from '../registry/asked-registry.js';
import { parseDuration } from './duration.js';
import { findNode } from './find-node.js';
import { type KnownInterventions, knownInterventions } from './known-interventions.js';
import { parseService } from './service-argument.js';
import { snapshotNow } from './snapshot-now.js';

/** What `micromesh nodes eject` is told. */
export interface EjectOptions {
  /** As `createMesh` takes it; default MICROMESH_REGISTRY, else the dev agent of this machine. */
  readonly registry?: string;
  /** `10m`, see {@link parseDuration}. */
  readonly for: string;
  readonly why: string;
  /** Default: the user and the machine. */
  readonly who?: string;
  readonly json?: boolean;
}

/**
 * Takes a node out of all clients of its service, for a while.
 *
 * @param wanted - the node's id or address.
 * @returns the exit status.
 * @throws ConfigError for what cannot be; Error when the node is not registered, or is the last one that is left; RegistryError when
 *   the registry does not answer.
 */
export async function ejectNode(
  serviceText: string,
  wanted: string,
  options: EjectOptions,
  io: CommandIo,
  clock: Clock = systemClock,
): Promise<number> {
  const service = parseService(serviceText);
  const forMs = parseDuration(options.for, '--for');
  const { why, who = whoAmI(io.env), json = false } = options;
  const registry = askedRegistry(options.registry, io.env);
  try {
    const { keyValues } = requireKeyValues(registry, 'manual ejections');
    const atMs = clock.wallNow();
    checkIntervention({ nodeId: wanted, who, why, atMs, untilMs: atMs + forMs });
    const snapshot = await snapshotNow(registry, service);
    const { id: nodeId, address } = findNode(snapshot, wanted, registry.description);
    const intervention: Intervention = { nodeId, who, why, atMs, untilMs: atMs + forMs };
    const known = await knownInterventions(keyValues, service, atMs);
    const ids = snapshot.nodes.map(({ id }) => id);
    const { ignored } = interventionsInForce(ids, new Map([...known.inForce, [nodeId, intervention]]));
    if (ignored !== undefined) {
      throw new Error(
        `${nodeId} is the last node of ${formatServiceKey(service)} that is not ejected, and no client would follow; start another node, or restore one`,
      );
    }
    await keyValues.put(interventionKey(service, nodeId), formatIntervention(intervention));
    await tidy(keyValues, known);
    io.stdout.write(
      json
        ? `${JSON.stringify({ service: formatServiceKey(service), registry: registry.description, id: nodeId, address: formatAddress(address), ...JSON.parse(formatIntervention(intervention)) })}\n`
        : `${nodeId} ${formatAddress(address)} is ${interventionWords(intervention)}\n`,
    );
    return SUCCESS;
  } finally {
    await registry.close();
  }
}

/** Takes away what has ended, unless somebody has written it anew. */
async function tidy(store: KeyValueStore, { over }: KnownInterventions): Promise<void> {
  for (const { key, modifyIndex } of over) await store.delete(key, { cas: modifyIndex });
}
