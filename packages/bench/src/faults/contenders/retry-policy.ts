import type { FaultContender } from './fault-client.js';
import { openStub, RETRY_POLICY } from './grpc-js-stub.js';

/** grpc-js with its round_robin and its retries. */
export const retryPolicy: FaultContender = {
  id: 'grpc-js round_robin + retryPolicy',
  fleet: 'mesh',
  promises: 'nothing',
  open: (target) =>
    openStub(target, { loadBalancingConfig: [{ round_robin: {} }], methodConfig: [RETRY_POLICY] }),
};
