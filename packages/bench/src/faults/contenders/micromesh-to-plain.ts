import type { FaultContender } from './fault-client.js';
import { openMesh } from './open-mesh.js';

/** micromesh with its defaults, calling plain grpc-js servers that somebody else entered into the registry. */
export const micromeshToPlain: FaultContender = {
  id: 'micromesh to grpc-js servers',
  fleet: 'plain',
  promises: true,
  open: (target) => openMesh(target),
};
