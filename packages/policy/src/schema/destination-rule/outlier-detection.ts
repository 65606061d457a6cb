import { z } from 'zod';
import { duration } from '../duration.js';
import { applied, message, notSupported } from '../field.js';
import { flag, integer, MAX_UINT32 } from '../leaves.js';

const STATUSES = "gRPC statuses count as the HTTP statuses of Envoy's table, in trailers too";

/** When a node is taken out because it fails. */
export const outlierDetection = message('OutlierDetection', {
  consecutiveErrors: notSupported(
    integer(0, MAX_UINT32),
    'Istio has deprecated it',
    'write consecutive5xxErrors or consecutiveGatewayErrors',
  ),
  splitExternalLocalOriginErrors: applied(
    flag(),
    'counts what this process sees (refused, reset, silent) apart from what the server says; default false',
  ),
  consecutiveLocalOriginFailures: applied(
    integer(0, MAX_UINT32),
    'of these in a row that eject; needs splitExternalLocalOriginErrors; default 5, 0: off',
    'an answer of the node ends the row; in Envoy a request on a connection that stands does, so that time-outs one after the other never add up',
  ),
  consecutiveGatewayErrors: applied(
    integer(0, MAX_UINT32),
    '502, 503 and 504 in a row that eject; default 0: off',
    STATUSES,
  ),
  consecutive5xxErrors: applied(
    integer(0, MAX_UINT32),
    'errors in a row that eject; default 5, 0: off',
    STATUSES,
  ),
  interval: applied(duration(), 'between two sweeps that let nodes back; default 10s'),
  baseEjectionTime: applied(
    duration(),
    'of the first ejection, the n-th in a row is n times as long; default 30s',
  ),
  maxEjectionPercent: applied(
    integer(0, 100),
    'of the nodes that may be out at once, the one that is to go counted; default 10: no node of fewer than ten goes',
  ),
  minHealthPercent: applied(
    integer(0, 100),
    'of the nodes that must be healthy for ejections to count; default 0',
    'where no healthy node is left, calls go to ejected ones in any case; Envoy refuses them',
  ),
  outlierDetectionHttpErrorCodes: applied(
    z.array(integer(100, 599)).min(1),
    'the statuses that are errors, each as its 5xx or else as 500; default every 5xx',
    STATUSES,
  ),
});

/** When a node is taken out because it fails. */
export type OutlierDetection = z.infer<typeof outlierDetection>;
