import type { FaultContender } from './fault-client.js';
import { openStub } from './grpc-js-stub.js';

/** A bare client of a node that no fault touches: what the machine itself does to calls meanwhile. It has no row. */
export const control: FaultContender = {
  id: 'control',
  fleet: 'control',
  promises: 'nothing',
  open: (target) => openStub(target, {}),
};
