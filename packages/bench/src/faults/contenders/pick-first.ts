import type { FaultContender } from './fault-client.js';
import { openStub } from './grpc-js-stub.js';

/** grpc-js as it comes: all calls to the first node that it reaches. */
export const pickFirst: FaultContender = {
  id: 'grpc-js pick_first',
  fleet: 'mesh',
  promises: 'nothing',
  open: (target) => openStub(target, {}),
};
