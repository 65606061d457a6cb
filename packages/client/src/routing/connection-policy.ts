import type { ServiceKey } from '@micromesh/core';
import type { ConnectionPolicy, ConnectionSettings } from '../transport/transport.js';
import type { PolicyView } from './policy-view.js';

/**
 * What operators say of the connections to a service. All its subsets and ports share them, so that the block of the host counts; it is asked
 * when a connection is made, so that one that is there stays as it is.
 */
export function connectionPolicy(service: ServiceKey, policies: PolicyView): ConnectionPolicy {
  return {
    get ready(): Promise<void> | undefined {
      return policies.ready;
    },
    get settings(): ConnectionSettings | undefined {
      const rule = policies.current?.of(service)?.traffic(undefined, undefined).connectionPool;
      if (rule === undefined) return undefined;
      return {
        connectTimeoutMs: rule.connectTimeoutMs?.value,
        keepalive: rule.keepalive,
        idleTimeoutMs: rule.idleTimeoutMs.value,
      };
    },
  };
}
