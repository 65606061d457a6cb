/** A registry that a program has started for itself. */
export interface RegistryPart {
  /** As `createMesh` and MICROMESH_REGISTRY take it. */
  readonly url: string;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it at the same address, without memory; resolves when it answers. */
  startEmpty(): Promise<void>;
  /** The ids of the nodes of a service that it knows as passing. */
  passing(service: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}
