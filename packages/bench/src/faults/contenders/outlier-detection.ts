import type { FaultContender } from './fault-client.js';
import { openStub } from './grpc-js-stub.js';

/**
 * As quick as its rate of calls allows: it only counts, so it takes some failures to see one. grpc-js reads these names in
 * snake case only, and with any other quietly falls back to pick_first.
 */
const OUTLIER_DETECTION = {
  interval: { seconds: 0, nanos: 500_000_000 },
  base_ejection_time: { seconds: 5, nanos: 0 },
  max_ejection_percent: 50,
  failure_percentage_ejection: {
    threshold: 50,
    enforcement_percentage: 100,
    minimum_hosts: 2,
    request_volume: 3,
  },
  child_policy: [{ round_robin: {} }],
};

/** grpc-js with its round_robin and its outlier ejection. */
export const outlierDetection: FaultContender = {
  id: 'grpc-js round_robin + outlier_detection',
  fleet: 'mesh',
  promises: 'nothing',
  open: (target) => openStub(target, { loadBalancingConfig: [{ outlier_detection: OUTLIER_DETECTION }] }),
};
