import type { z } from 'zod';
import { applied, message, notSupported } from '../field.js';
import { list, port, text, word } from '../leaves.js';
import { portSelector } from '../virtual-service/destination.js';
import { connectionPoolSettings } from './connection-pool.js';
import { loadBalancerSettings } from './load-balancer.js';
import { outlierDetection } from './outlier-detection.js';
import { retryBudget } from './retry-budget.js';
import { clientTlsSettings } from './tls.js';

const NO_TUNNEL = 'calls go to the node directly';

const tunnelSettings = message('TrafficPolicy.TunnelSettings', {
  protocol: notSupported(text(), NO_TUNNEL, 'register the address of a proxy'),
  targetHost: notSupported(text(), NO_TUNNEL, 'register the address of a proxy'),
  targetPort: notSupported(port(), NO_TUNNEL, 'register the address of a proxy'),
});

const proxyProtocol = message('TrafficPolicy.ProxyProtocol', {
  version: notSupported(
    word('V1', 'V2'),
    'a process calls for itself, there is no client behind it',
    'take it out',
  ),
});

/** The policy of one port: it replaces that of the host as a whole. */
export const portTrafficPolicy = message('TrafficPolicy.PortTrafficPolicy', {
  port: applied(portSelector, 'the port of the destination, else of the name that the caller gave'),
  loadBalancer: applied(loadBalancerSettings, 'which node gets a call'),
  connectionPool: applied(connectionPoolSettings, 'bounds of connections and calls'),
  outlierDetection: applied(outlierDetection, 'when a node is taken out because it fails'),
  tls: applied(clientTlsSettings, 'how the connections are secured'),
});

/** How the calls to a service are made. */
export const trafficPolicy = message('TrafficPolicy', {
  loadBalancer: applied(loadBalancerSettings, "which node gets a call; silent: micromesh's default"),
  connectionPool: applied(connectionPoolSettings, 'bounds of connections and calls'),
  outlierDetection: applied(
    outlierDetection,
    "when a node is taken out because it fails; silent: micromesh's defaults",
  ),
  tls: applied(clientTlsSettings, 'how the connections are secured'),
  portLevelSettings: applied(
    list(portTrafficPolicy).max(4096),
    'the policy of a port; it replaces the rest as a whole, what it leaves out is not taken from above',
  ),
  tunnel: notSupported(tunnelSettings, NO_TUNNEL, 'register the address of a proxy'),
  proxyProtocol: notSupported(
    proxyProtocol,
    'a process calls for itself, there is no client behind it',
    'take it out',
  ),
  retryBudget: applied(
    retryBudget,
    "how many calls may retry; silent: micromesh's budget",
    'counted in this process',
  ),
});

/** How the calls to a service are made. */
export type TrafficPolicy = z.infer<typeof trafficPolicy>;
/** The policy of one port. */
export type PortTrafficPolicy = z.infer<typeof portTrafficPolicy>;
