import { silentLogger, systemClock } from '@micromesh/core';
import {
  cutResources,
  formatProblem,
  hasErrors,
  PolicyStore,
  readPolicies,
  type StoredResource,
  withResources,
} from '@micromesh/policy';
import { registryFrom } from '@micromesh/registry';
import { requireKeyValues } from '../registry/asked-registry.js';
import type { PoliciesPart } from './parts.js';

const WHO = 'micromesh demo';

/** Writes policies into a registry's key-value store, as `micromesh apply` and `micromesh rollback` do. */
export function openPolicies(registryUrl: string): PoliciesPart {
  const registry = registryFrom(registryUrl, { logger: silentLogger });
  const store = new PolicyStore(requireKeyValues(registry, 'policies').keyValues);
  const stamp = (why: string) => ({ who: WHO, atMs: systemClock.wallNow(), why });
  return {
    async apply(text, why) {
      const base = await store.base();
      const current = await store.current(base);
      const resources = withResources(current?.resources ?? [], cutResources([{ file: 'demo.yaml', text }]));
      requireValid(resources);
      return String((await store.commit(base, resources, stamp(why))).version);
    },
    async rollback() {
      const base = await store.base();
      const number = base.pointer?.kept[1];
      const before = number === undefined ? undefined : await store.version(number);
      if (before === undefined) throw new Error('there is no version of the policies to go back to');
      const { version } = await store.commit(base, before.resources, stamp('rollback'), before.version);
      return String(version);
    },
    close: () => registry.close(),
  };
}

function requireValid(resources: readonly StoredResource[]): void {
  const { problems } = readPolicies(resources);
  if (hasErrors(problems)) throw new Error(problems.map(formatProblem).join('\n'));
}
