import { type Logger, silentLogger } from '@micromesh/core';
import { type PolicyBase, PolicyStore, type PolicyVersion } from '@micromesh/policy';
import type { CommandIo } from '../command/io.js';
import { askedRegistry, requireKeyValues } from '../registry/asked-registry.js';

/** The policies of a registry, and where they are. */
export interface OpenedPolicies {
  readonly registry: string;
  readonly store: PolicyStore;
}

/**
 * Works with the policies that a registry holds, and closes it.
 *
 * @param spec - as `createMesh` takes it; default MICROMESH_REGISTRY, else the dev agent of this machine.
 * @throws ConfigError when it is none that holds keys; what `work` throws.
 */
export async function withPolicies<T>(
  spec: string | undefined,
  io: CommandIo,
  work: (policies: OpenedPolicies) => Promise<T>,
): Promise<T> {
  const asked = askedRegistry(spec, io.env);
  const warn: Logger['warn'] = (fields, message) =>
    io.stderr.write(`micromesh: ${message}: ${JSON.stringify(fields)}\n`);
  try {
    const { keyValues, description } = requireKeyValues(asked, 'policies');
    const store = new PolicyStore(keyValues, { logger: { ...silentLogger, warn } });
    return await work({ registry: description, store });
  } finally {
    await asked.close();
  }
}

/** What is in force now, and what the next version builds on. */
export interface Current {
  readonly base: PolicyBase;
  readonly version: PolicyVersion | undefined;
}

/** @throws as {@link PolicyStore.current}. */
export async function currentOf(store: PolicyStore): Promise<Current> {
  const base = await store.base();
  return { base, version: await store.current(base) };
}

/** Who, when and why, as all commands print it. */
export function stampFacts({ who, atMs, why }: Pick<PolicyVersion, 'who' | 'atMs' | 'why'>) {
  return { who, at: new Date(atMs).toISOString(), why };
}

/** `applied by anna@laptop at 2026-01-01T10:00:00.000Z: more retries` */
export function stampWords(version: Pick<PolicyVersion, 'who' | 'atMs' | 'why'>): string {
  const { who, at, why } = stampFacts(version);
  return `applied by ${who} at ${at}: ${why}`;
}
