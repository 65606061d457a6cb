import type { z } from 'zod';
import { duration, durationOrZero } from '../duration.js';
import { applied, message, noMeaning, notSupported, required } from '../field.js';
import { flag, integer, MAX_INT32, MAX_UINT32, word } from '../leaves.js';

const BY_CALL = 'micromesh balances calls, not connections, and has one connection a node';
const OS_PROBES = 'Node gives no way to set them on the connections of HTTP/2';

/** All subsets and ports share them. */
const OF_HOST = 'the word for the host counts, not that for a subset or port';

const tcpKeepalive = message('ConnectionPoolSettings.TCPSettings.TcpKeepalive', {
  probes: noMeaning(integer(0, MAX_UINT32), OS_PROBES, 'write http.http2KeepAlive'),
  time: noMeaning(duration(), OS_PROBES, 'write http.http2KeepAlive'),
  interval: noMeaning(duration(), OS_PROBES, 'write http.http2KeepAlive'),
});

/** Connections to the nodes. */
export const tcpSettings = message('ConnectionPoolSettings.TCPSettings', {
  maxConnections: noMeaning(integer(0, MAX_INT32), BY_CALL, 'bound calls by http.http2MaxRequests'),
  connectTimeout: applied(
    duration(),
    `of a connection that is made from then on; default 1s; ${OF_HOST}`,
    "Istio's default is 10s",
  ),
  tcpKeepalive: noMeaning(tcpKeepalive, OS_PROBES, 'write http.http2KeepAlive'),
  maxConnectionDuration: noMeaning(
    duration(),
    `it makes proxies spread connections anew; ${BY_CALL}`,
    "take it out, or let the servers end connections (grpc-js's grpc.max_connection_age_ms)",
  ),
  idleTimeout: noMeaning(durationOrZero(), 'it is for TCP, not for HTTP/2', 'write http.idleTimeout'),
});

const connectionKeepalive = message('ConnectionPoolSettings.HTTPSettings.ConnectionKeepalive', {
  interval: required(duration(), 'between two PING frames'),
  timeout: required(duration(), 'how long the answer may take before the connection is given up'),
});

/** Calls on these connections. */
export const httpSettings = message('ConnectionPoolSettings.HTTPSettings', {
  http1MaxPendingRequests: applied(
    integer(0, MAX_INT32),
    'calls that wait because no node is connected; more are refused with UNAVAILABLE; 0 or silent: no bound',
    "counts gRPC calls, as Envoy's does on HTTP/2",
  ),
  http2MaxRequests: applied(
    integer(0, MAX_INT32),
    'calls of this process to the destination at a time; more are refused with UNAVAILABLE; 0 or silent: no bound',
    'a call counts once, with all its attempts; none waits for its turn',
  ),
  maxRequestsPerConnection: noMeaning(
    integer(0, MAX_INT32),
    `it makes proxies spread connections anew; ${BY_CALL}`,
    "take it out, or let the servers end connections (grpc-js's grpc.max_connection_age_ms)",
  ),
  maxRetries: applied(
    integer(0, MAX_INT32),
    'calls of this process to the destination that retry at a time, beside the retry budget of micromesh; 0 or silent: that alone counts',
  ),
  idleTimeout: applied(
    durationOrZero(),
    `a connection that is made from then on is closed when it has had no calls for so long; 0s: never; default 1h; ${OF_HOST}`,
    'it is made anew at once, so that no call waits for it',
  ),
  h2UpgradePolicy: noMeaning(
    word('DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'),
    'gRPC is always HTTP/2',
    'take it out',
  ),
  useClientProtocol: noMeaning(flag(), 'gRPC is always HTTP/2', 'take it out'),
  maxConcurrentStreams: notSupported(
    integer(0, MAX_INT32),
    "micromesh has one connection a node, and keeps to the node's own SETTINGS_MAX_CONCURRENT_STREAMS",
    'bound calls by http2MaxRequests',
  ),
  http2KeepAlive: applied(
    connectionKeepalive,
    `PING frames that find dead connections, on those that are made from then on; ${OF_HOST}`,
    'a node is also asked by a call',
  ),
});

/** Bounds of connections and calls. */
export const connectionPoolSettings = message('ConnectionPoolSettings', {
  tcp: applied(tcpSettings, 'connections to the nodes'),
  http: applied(httpSettings, 'calls on these connections'),
});

/** Bounds of connections and calls. */
export type ConnectionPoolSettings = z.infer<typeof connectionPoolSettings>;
