import type { FaultContender } from './fault-client.js';
import { micromesh } from './micromesh.js';
import { micromeshHedged } from './micromesh-hedged.js';
import { micromeshToPlain, micromeshToPlainOnce } from './micromesh-to-plain.js';
import { niceGrpc } from './nice-grpc.js';
import { outlierDetection } from './outlier-detection.js';
import { pickFirst } from './pick-first.js';
import { retryPolicy } from './retry-policy.js';
import { roundRobin } from './round-robin.js';

/** All clients, in the order of the table. */
export const FAULT_CONTENDERS: readonly FaultContender[] = [
  pickFirst,
  roundRobin,
  retryPolicy,
  outlierDetection,
  niceGrpc,
  micromesh,
  micromeshHedged,
  micromeshToPlain,
  micromeshToPlainOnce,
];
