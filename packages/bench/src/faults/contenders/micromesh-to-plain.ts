import { retrySafely } from 'micromesh';
import type { FaultContender } from './fault-client.js';
import { openMesh } from './open-mesh.js';

/** micromesh with its defaults, calling plain grpc-js servers that somebody else entered into the registry. */
export const micromeshToPlain: FaultContender = {
  id: 'micromesh to grpc-js servers',
  fleet: 'plain',
  promises: 'noFailure',
  open: (target) => openMesh(target),
};

/** The same with a retry function that repeats nothing that may have been handled. */
export const micromeshToPlainOnce: FaultContender = {
  id: 'micromesh to grpc-js servers, retrySafely',
  fleet: 'plain',
  promises: 'onceOnly',
  open: (target) => openMesh(target, { retry: retrySafely }),
};
