import type { NodeState } from './events.js';
import type { ServiceKey } from './service-key.js';

/** What a process knows of one node of a service that it calls. */
export interface NodeReport {
  readonly id: string;
  /** `10.0.0.1:5001` */
  readonly address: string;
  readonly state: NodeState;
  /** Why it is not ready, in words; empty when it is. */
  readonly cause: string;
  /** When the state ends by itself, in ms since 1970; undefined where nobody can say. */
  readonly untilMs: number | undefined;
}

/** What a process knows of a service that it calls. */
export interface ServiceReport {
  readonly service: ServiceKey;
  readonly nodes: readonly NodeReport[];
}
