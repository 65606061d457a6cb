import { networkInterfaces } from 'node:os';
import { type Address, isLoopbackHost } from '@micromesh/core';

/** Who finds out that a node is dead: the agent asks `grpc.health.v1`, or the node sends heartbeats. */
export type CheckKind = 'grpc' | 'ttl';

/** What an agent says of itself. */
export interface AgentSelf {
  /** The address by which the cluster knows it; empty where it does not say. */
  readonly address: string;
  /** Whether it runs checks itself; micromesh's dev agent does not. */
  readonly runsChecks: boolean;
}

/**
 * Chooses the check for a node: gRPC where the agent can reach the address, else heartbeats, which always work.
 *
 * @param self - undefined: the agent does not say, so nothing is known of where it runs.
 * @param localHosts - the addresses of this machine.
 */
export function chooseCheck(
  address: Address,
  self: AgentSelf | undefined,
  localHosts: ReadonlySet<string>,
): CheckKind {
  if (address.kind === 'unix' || self === undefined || !self.runsChecks) return 'ttl';
  if (!isLoopbackHost(address.host)) return 'grpc';
  return isLoopbackHost(self.address) || localHosts.has(self.address) ? 'grpc' : 'ttl';
}

/** The addresses of this machine. */
export function hostsOfThisMachine(): ReadonlySet<string> {
  const hosts = new Set<string>();
  for (const list of Object.values(networkInterfaces())) {
    for (const each of list ?? []) hosts.add(each.address);
  }
  return hosts;
}
