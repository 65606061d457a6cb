import type { Logger } from '@micromesh/core';
import { JoinedMesh } from './create-mesh.js';

/**
 * The logger of a mesh, for what is built on it.
 *
 * @returns undefined where the mesh is none of micromesh's.
 */
export function meshLogger(mesh: object): Logger | undefined {
  return mesh instanceof JoinedMesh ? mesh.logger : undefined;
}
