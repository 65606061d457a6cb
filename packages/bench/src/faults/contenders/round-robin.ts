import type { FaultContender } from './fault-client.js';
import { openStub } from './grpc-js-stub.js';

/** grpc-js with its round_robin. */
export const roundRobin: FaultContender = {
  id: 'grpc-js round_robin',
  fleet: 'mesh',
  promises: 'nothing',
  open: (target) => openStub(target, { loadBalancingConfig: [{ round_robin: {} }] }),
};
