import type { FieldPath } from '../../problem.js';
import type { PortTrafficPolicy, TrafficPolicy } from '../../schema/destination-rule/traffic-policy.js';
import { type Finder, given } from '../finder.js';
import { checkLoadBalancer } from './load-balancer.js';
import { checkLocality } from './locality.js';
import { checkOutlierDetection } from './outlier-detection.js';
import { checkTls } from './tls.js';

/**
 * Looks at one policy, and at those of its ports.
 *
 * @param inherited - what it takes from where it leaves a block out: the policy of the host, for a subset.
 */
export function checkTrafficPolicy(
  policy: TrafficPolicy,
  inherited: TrafficPolicy | undefined,
  path: FieldPath,
  find: Finder,
): void {
  checkBlocks(policy, (policy.outlierDetection ?? inherited?.outlierDetection) !== undefined, path, find);
  const { connectionPool, retryBudget, portLevelSettings = [] } = policy;
  if (connectionPool?.http?.maxRetries !== undefined && retryBudget !== undefined) {
    find.warning(
      [...path, 'connectionPool', 'http', 'maxRetries'],
      'maxRetries does not count beside retryBudget',
      'keep one of them',
    );
  }
  const ports = new Set<number>();
  for (const [index, settings] of portLevelSettings.entries()) {
    const at = [...path, 'portLevelSettings', index];
    const number = settings.port?.number;
    if (number === undefined)
      find.error([...at, 'port'], 'the settings are of no port', 'write port: { number: 50051 }');
    else if (ports.has(number))
      find.error([...at, 'port'], `port ${number} is there twice`, 'keep one of them');
    else ports.add(number);
    checkBlocks(settings, settings.outlierDetection !== undefined, at, find);
  }
}

function checkBlocks(
  policy: TrafficPolicy | PortTrafficPolicy,
  ejects: boolean,
  path: FieldPath,
  find: Finder,
): void {
  const { loadBalancer, connectionPool, outlierDetection, tls } = policy;
  if (loadBalancer !== undefined) {
    const at = [...path, 'loadBalancer'];
    checkLoadBalancer(loadBalancer, at, find);
    const { localityLbSetting } = loadBalancer;
    const mayEject =
      ejects ||
      find.isUncertain([...path, 'outlierDetection']) ||
      find.isUncertain(['spec', 'trafficPolicy', 'outlierDetection']);
    if (localityLbSetting !== undefined)
      checkLocality(localityLbSetting, [...at, 'localityLbSetting'], mayEject, find);
  }
  if (connectionPool !== undefined && given(connectionPool, 'tcp', 'http').length === 0) {
    find.error(
      [...path, 'connectionPool'],
      'connectionPool says nothing',
      'write tcp or http, or take it out',
    );
  }
  if (outlierDetection !== undefined)
    checkOutlierDetection(outlierDetection, [...path, 'outlierDetection'], find);
  if (tls !== undefined) checkTls(tls, [...path, 'tls'], find);
}
