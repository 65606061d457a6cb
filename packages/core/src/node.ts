import type { Address } from './address.js';
import type { ServiceKey } from './service-key.js';

/**
 * One running instance of a service, as the registry tells it. A process that is started again is a new node with a
 * new id, also at the same address.
 */
export interface ServiceNode {
  /** Name and random part, new at each start; unique in the service. */
  readonly id: string;
  readonly address: Address;
  /** As registered; empty when nobody said. */
  readonly version: string;
  /** Labels, `zone` and `region` among them, that filters and policies match on. */
  readonly labels: Readonly<Record<string, string>>;
  /** Share of traffic relative to the other nodes: an integer of at least 1; default 1. */
  readonly weight: number;
  /** Whether a micromesh server registered it: such a node takes keepalive pings and knows our questions. */
  readonly micromesh: boolean;
}

/** All nodes of a service at one moment; never changed, only replaced. Holds one node an address. */
export interface Snapshot {
  readonly service: ServiceKey;
  readonly nodes: readonly ServiceNode[];
}
