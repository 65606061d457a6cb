import type { FaultContender } from './fault-client.js';
import { openMesh } from './open-mesh.js';

/** micromesh with its defaults. */
export const micromesh: FaultContender = {
  id: 'micromesh',
  fleet: 'mesh',
  promises: 'both',
  open: (target) => openMesh(target),
};
