import type { EnrolledNode } from './enrol-node.js';

/** Servers that elect one of them. */
export interface ClusterPart {
  /** kill -9 of the server that leads; resolves when it is gone. */
  killLeader(): Promise<void>;
  /** Whether those that run have a leader. */
  isLed(): Promise<boolean>;
}

/** A registry that a program has started for itself, in a process of its own or several. */
export interface RegistryPart {
  /** As `createMesh` and MICROMESH_REGISTRY take it. */
  readonly url: string;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it at the same address, without memory; resolves when it answers. */
  startEmpty(): Promise<void>;
  /** The ids of the nodes of a service that it knows as passing. */
  passing(service: string): Promise<readonly string[]>;
  /** Registers a node of a service for it. */
  enrol(service: string, node: EnrolledNode): Promise<void>;
  /** Takes out a node that was registered so. */
  strikeOff(id: string): Promise<void>;
  /** Where it is several servers. */
  readonly cluster?: ClusterPart;
  /** Ends it. */
  stop(): Promise<void>;
}
