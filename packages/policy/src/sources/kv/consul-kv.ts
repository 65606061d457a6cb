import { ConfigError, checkOptionNames } from '@micromesh/core';
import type { PolicyPlace } from '../policy-source.js';
import { checkPolicyPrefix, DEFAULT_PREFIX } from './policy-prefix.js';

/** Where in a key-value store policies are. */
export interface ConsulKvOptions {
  /** What their keys begin with; default `micromesh/policies`. */
  readonly prefix?: string;
}

/**
 * Policies that `micromesh apply` has put into the key-value store of the mesh's registry: Consul's, the dev agent's, or one in memory.
 * They are watched: a version is in force within 200 ms of the write.
 *
 * @throws ConfigError for options that are none.
 */
export function consulKv(options: ConsulKvOptions = {}): PolicyPlace {
  checkOptionNames('consulKv', options, ['prefix']);
  const prefix = checkPolicyPrefix(options.prefix ?? DEFAULT_PREFIX);
  const description = `key-value store ${prefix}`;
  return {
    description,
    open({ clock, logger, keyValues }) {
      if (keyValues !== undefined) {
        return import('./kv-policies.js').then(
          ({ KvPolicies }) => new KvPolicies(keyValues, prefix, description, clock, logger),
        );
      }
      throw new ConfigError(
        'policies',
        description,
        'is where a registry of fixed addresses has nothing',
        "use the registry 'consul://host:port', 'embedded' or 'memory:', or folder('./policies')",
      );
    },
  };
}
