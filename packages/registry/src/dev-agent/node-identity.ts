import { randomUUID } from 'node:crypto';

/** The version of Consul whose behaviour the dev agent has. */
export const MODELLED_VERSION = '1.8.7';

/** The one node of the dev agent's catalog. */
export interface NodeIdentity {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly datacenter: string;
  /** Of the HTTP API: the agent has no other port to show as that of its servers. */
  readonly port: number;
}

/** Names the node of an agent that was just started: a new id each time, as of a Consul without a data folder. */
export function newNodeIdentity(address: string, port: number): NodeIdentity {
  return { id: randomUUID(), name: 'micromesh-dev-agent', address, datacenter: 'dc1', port };
}
