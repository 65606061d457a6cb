import type { ServiceNode } from '@micromesh/core';

/**
 * What a node is good for at this moment, best first.
 *
 * `healthy`: connected, nothing against it. `suspect`: connected, and being asked whether it lives. `ejected`:
 * connected, and worse than its peers for a while. `connecting`: not connected yet, nothing known against it.
 * `held`: connected, and taken out by an operator: used only where no other node is left. `silent`: connected, and did not
 * answer when asked. `disconnected`: its last connection was refused or broke.
 */
export type Standing = 'healthy' | 'suspect' | 'ejected' | 'connecting' | 'held' | 'silent' | 'disconnected';

/** A node that can be picked. */
export interface Candidate {
  readonly node: ServiceNode;
  readonly standing: Standing;
  /** Attempts under way on it, of this process. */
  readonly inFlight: number;
  /** When it last became usable (connected and not ejected), on the mesh's clock; `-Infinity`: it always was. */
  readonly usableSince: number;
}
