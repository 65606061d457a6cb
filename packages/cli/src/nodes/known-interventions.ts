import { type Intervention, interventionPrefix, readIntervention } from '@micromesh/client';
import type { ServiceKey } from '@micromesh/core';
import type { KeyValueStore } from '@micromesh/registry';

/** What operators have said of the nodes of a service. */
export interface KnownInterventions {
  /** Those that have not ended, by node id. */
  readonly inForce: ReadonlyMap<string, Intervention>;
  /** The others, with what their deletion names. */
  readonly over: readonly { readonly key: string; readonly modifyIndex: number }[];
  /** Records that no client follows: key and why. */
  readonly unreadable: readonly { readonly key: string; readonly problem: string }[];
}

/**
 * Reads the records of a service.
 *
 * @throws RegistryError when the store does not answer.
 */
export async function knownInterventions(
  store: KeyValueStore,
  service: ServiceKey,
  now: number,
): Promise<KnownInterventions> {
  const inForce = new Map<string, Intervention>();
  const over: KnownInterventions['over'][number][] = [];
  const unreadable: KnownInterventions['unreadable'][number][] = [];
  for (const { key, value, modifyIndex } of await store.list(interventionPrefix(service))) {
    const record = readIntervention(service, key, value);
    if (record === undefined) continue;
    if (record.kind === 'unreadable') unreadable.push({ key, problem: record.problem });
    else if (record.intervention.untilMs <= now) over.push({ key, modifyIndex });
    else inForce.set(record.intervention.nodeId, record.intervention);
  }
  return { inForce, over, unreadable };
}
